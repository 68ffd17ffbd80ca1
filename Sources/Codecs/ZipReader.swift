import CZip
import Glibc

/// Reads a ZIP archive from a stranger: names are checked, sizes are counted as they unpack, nothing is written anywhere.
package final class ZipReader {
    package struct Limits: Sendable {
        /// Entries in the archive.
        package var entries = 1_000_000
        /// Bytes of one entry and of all together, unpacked.
        package var entryBytes = 4 << 30
        package var totalBytes = 64 << 30
        /// Unpacked by packed bytes of one entry, once it is larger than 1 MiB. Deflate itself cannot exceed 1,032.
        package var ratio = 200
        package init() {}
    }

    package struct Entry: Sendable {
        package let name: String
        /// Unpacked and packed size as the directory states them; reading stops with an error where it lies.
        package let size: Int
        package let compressedSize: Int
        package var isFolder: Bool { name.hasSuffix("/") }
        fileprivate let handle: ship_zip_entry
    }

    package let path: String
    /// All entries in the order of the archive's directory.
    package let entries: [Entry]
    private let reader: OpaquePointer
    private let limits: Limits
    private let byName: [String: Int]

    /// Reads the directory.
    ///
    /// - Throws: `.notZip`, `.damaged`, `.limit`; `.unsafeName` for absolute names, `..`, backslashes, drive letters,
    ///   control characters and links; `.duplicateName`; `.encrypted`; `.unsupported`; `.io`.
    package init(path: String, limits: Limits = Limits()) throws(ZipError) {
        var code: Int32 = 0, count: UInt64 = 0
        guard let reader = ship_zip_open_archive(path, &code, &count) else {
            throw code == 0 ? .notZip(file: path) : ZipWriter.systemError(path, code)
        }
        do throws(ZipError) {
            entries = try Self.directory(reader, path: path, stated: count, limits: limits)
        } catch {
            ship_zip_close_archive(reader)
            throw error
        }
        (self.path, self.reader, self.limits) = (path, reader, limits)
        byName = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
    }

    deinit { ship_zip_close_archive(reader) }

    private static func directory(_ reader: OpaquePointer, path: String, stated: UInt64, limits: Limits) throws(ZipError) -> [Entry] {
        guard stated <= UInt64(limits.entries) else {
            throw .limit(file: path, what: "it holds \(stated) entries, more than \(limits.entries)")
        }
        var entries: [Entry] = []
        var names: Set<String> = []
        var total: UInt64 = 0
        let capacity = 1100
        var buffer = [CChar](repeating: 0, count: capacity)
        var found = ship_zip_entry()
        while true {
            let result = ship_zip_step(reader, entries.isEmpty ? 1 : 0, &found, &buffer, UInt32(capacity))
            if result == 0 { break }
            guard result == 1, entries.count < limits.entries else { throw .damaged(file: path, entry: nil) }
            let bytes = buffer.prefix(min(Int(found.name_length), capacity)).map { UInt8(bitPattern: $0) }
            let name = decode(bytes, isUTF8: found.flags & 1 << 11 != 0)
            if let reason = ZipEntryName.fault(bytes) { throw .unsafeName(file: path, entry: printable(name), reason: reason) }
            guard found.mode & S_IFMT != S_IFLNK else {
                throw .unsafeName(file: path, entry: name, reason: "it is a link")
            }
            guard names.insert(name).inserted else { throw .duplicateName(file: path, entry: name) }
            guard found.flags & 1 == 0 else { throw .encrypted(file: path, entry: name) }
            guard found.method == 0 || found.method == 8 else {
                throw .unsupported(file: path, entry: name, what: "is packed by method \(found.method)")
            }
            let (sum, overflow) = total.addingReportingOverflow(found.size)
            total = sum
            guard !overflow, found.size <= UInt64(limits.entryBytes), total <= UInt64(limits.totalBytes) else {
                throw .limit(file: path, what: "“\(name)” would unpack beyond \(limits.entryBytes >> 20) MiB, or all entries beyond \(limits.totalBytes >> 20) MiB")
            }
            guard found.size <= 1 << 20 || found.size / max(1, found.compressed_size) <= UInt64(limits.ratio) else {
                throw .limit(file: path, what: "“\(name)” would unpack to more than \(limits.ratio) times its size, as a zip bomb does")
            }
            entries.append(Entry(name: name, size: Int(found.size), compressedSize: Int(clamping: found.compressed_size), handle: found))
        }
        guard UInt64(entries.count) == stated else { throw .damaged(file: path, entry: nil) }
        return entries
    }

    private static func decode(_ bytes: [UInt8], isUTF8: Bool) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private static func printable(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { $0.properties.generalCategory == .control ? "�" : $0 }))
    }

    package func entry(named name: String) -> Entry? {
        byName[name].map { entries[$0] }
    }

    /// Whole entry in memory.
    package func read(_ entry: Entry) throws(ZipError) -> [UInt8] {
        var bytes: [UInt8] = []
        // The stated size may lie: it reserves memory only in moderation.
        bytes.reserveCapacity(min(entry.size, 16 << 20))
        try read(entry) { (part: UnsafeRawBufferPointer) throws(ZipError) in bytes.append(contentsOf: part) }
        return bytes
    }

    /// Entry piece by piece, in pieces of up to 256 KiB.
    ///
    /// - Throws: `.damaged` when size or checksum differ from the directory's; whatever `body` throws.
    package func read(_ entry: Entry, _ body: (UnsafeRawBufferPointer) throws(ZipError) -> Void) throws(ZipError) {
        var handle = entry.handle
        guard ship_zip_open(reader, &handle) == 0 else { throw .damaged(file: path, entry: entry.name) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var count = 0
        do throws(ZipError) {
            while true {
                let got = ship_zip_read(reader, buffer.baseAddress, UInt32(buffer.count))
                if got == 0 { break }
                guard got > 0 else { throw .damaged(file: path, entry: entry.name) }
                count += Int(got)
                guard count <= entry.size else { throw .damaged(file: path, entry: entry.name) }
                try body(UnsafeRawBufferPointer(rebasing: buffer[..<Int(got)]))
            }
        } catch {
            _ = ship_zip_close(reader)
            throw error
        }
        guard ship_zip_close(reader) == 0, count == entry.size else { throw .damaged(file: path, entry: entry.name) }
    }
}
