import CAssets

/// Files that were embedded into the binary when it was built: the browser side and what the program itself reads.
package enum Assets {
    /// One embedded browser file. The pointers stay valid as long as the process lives.
    package struct File: @unchecked Sendable {  // Points at constants of the binary.
        package let path: String
        package let contentType: String
        /// First 20 hexadecimal digits of the SHA-256 of the uncompressed bytes.
        package let etag: String
        package let identity: UnsafeRawBufferPointer
        /// Compressed form; nil where compression would not help.
        package let gzip: UnsafeRawBufferPointer?
        package var size: Int { identity.count }
    }

    /// The browser file at `path` below Public/, e.g. "index.html".
    package static func file(_ path: String) -> File? { publicFiles[path] }

    /// Paths of all browser files below Public/.
    package static var publicPaths: [String] { publicFiles.keys.sorted() }

    /// Files below Resources/ whose path begins with `prefix`, sorted by path; `name` is the rest of the path.
    package static func resources(prefix: String) -> [(name: String, bytes: [UInt8])] {
        all.filter { $0.path.hasPrefix("resources/" + prefix) }
            .map { (name: String($0.path.dropFirst("resources/".count + prefix.count)), bytes: [UInt8]($0.identity)) }
            .sorted { $0.name < $1.name }
    }

    private static let publicFiles: [String: File] = Dictionary(
        uniqueKeysWithValues: all.filter { $0.path.hasPrefix("public/") }.map { (String($0.path.dropFirst("public/".count)), $0) })

    private static let all: [File] = {
        var count: UInt = 0
        guard let table = ship_asset_table(&count) else { return [] }
        return UnsafeBufferPointer(start: table, count: Int(count)).map { asset in
            File(
                path: String(cString: asset.path), contentType: String(cString: asset.content_type), etag: String(cString: asset.etag),
                identity: UnsafeRawBufferPointer(start: asset.identity, count: Int(asset.identity_size)),
                gzip: asset.gzip.map { UnsafeRawBufferPointer(start: $0, count: Int(asset.gzip_size)) })
        }
    }()
}
