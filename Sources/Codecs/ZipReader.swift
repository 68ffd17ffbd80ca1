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
        fileprivate let record: ZipDirectory.Record
    }

    package let path: String
    /// All entries in the order of the archive's directory.
    package let entries: [Entry]
    private let file: ZipFile
    private let byName: [String: Int]

    /// Reads the directory.
    ///
    /// - Throws: `.notZip`, `.damaged`, `.limit`; `.unsafeName` for absolute names, `..`, backslashes, drive letters,
    ///   control characters and links; `.duplicateName`; `.encrypted`; `.unsupported`; `.io`.
    package init(path: String, limits: Limits = Limits()) throws(ZipError) {
        self.path = path
        file = try ZipFile(path: path)
        entries = try Self.entries(of: file, limits: limits)
        byName = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
    }

    private static func entries(of file: ZipFile, limits: Limits) throws(ZipError) -> [Entry] {
        let path = file.path
        var directory = try ZipDirectory(file)
        guard directory.stated <= UInt64(limits.entries) else {
            throw .limit(file: path, what: "it holds \(directory.stated) entries, more than \(limits.entries)")
        }
        var entries: [Entry] = []
        var names: Set<String> = []
        var total: UInt64 = 0
        while let found = try directory.next() {
            guard entries.count < limits.entries else { throw .damaged(file: path, entry: nil) }
            let name = decode(found.name)
            if let reason = ZipEntryName.fault(found.name) { throw .unsafeName(file: path, entry: printable(name), reason: reason) }
            guard !found.isLink else { throw .unsafeName(file: path, entry: name, reason: "it is a link") }
            guard names.insert(name).inserted else { throw .duplicateName(file: path, entry: name) }
            guard !found.isEncrypted else { throw .encrypted(file: path, entry: name) }
            guard found.method == 0 || found.method == 8 else {
                throw .unsupported(file: path, entry: name, what: "is packed by method \(found.method)")
            }
            let (sum, overflow) = total.addingReportingOverflow(found.size)
            total = sum
            guard !overflow, found.size <= UInt64(limits.entryBytes), total <= UInt64(limits.totalBytes) else {
                throw .limit(file: path, what: "“\(name)” would unpack beyond \(limits.entryBytes >> 20) MiB, or all entries beyond \(limits.totalBytes >> 20) MiB")
            }
            guard found.size <= 1 << 20 || found.size / UInt64(max(1, found.compressedSize)) <= UInt64(limits.ratio) else {
                throw .limit(file: path, what: "“\(name)” would unpack to more than \(limits.ratio) times its size, as a zip bomb does")
            }
            entries.append(Entry(name: name, size: Int(found.size), compressedSize: found.compressedSize, record: found))
        }
        guard UInt64(entries.count) == directory.stated else { throw .damaged(file: path, entry: nil) }
        // Entries that share packed bytes would unpack to more than their sizes allow.
        let placed = entries.sorted { $0.record.start < $1.record.start }
        for (entry, next) in zip(placed, placed.dropFirst()) where entry.record.leastEnd > next.record.start { throw .damaged(file: path, entry: next.name) }
        return entries
    }

    private static func decode(_ bytes: [UInt8]) -> String {
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
        let damaged = ZipError.damaged(file: path, entry: entry.name)
        guard let place = try file.place(of: entry.record) else { throw damaged }
        if entry.size == 0, entry.compressedSize == 0 {
            guard entry.record.crc == 0 else { throw damaged }
            return
        }
        var crc: UInt32 = 0
        var count = 0
        // No more leaves here than the directory states, which the limits hold for, whatever was packed.
        func take(_ piece: UnsafeRawBufferPointer) throws(ZipError) {
            count += piece.count
            guard count <= entry.size else { throw damaged }
            crc = ship_zip_crc32(crc, piece.baseAddress, UInt64(piece.count))
            try body(piece)
        }
        if entry.record.method == 0 { try copy(place, take) } else { try unpack(place, take, damaged) }
        guard count == entry.size, crc == entry.record.crc else { throw damaged }
    }

    private func copy(_ place: Range<Int>, _ take: (UnsafeRawBufferPointer) throws(ZipError) -> Void) throws(ZipError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var at = place.lowerBound
        while at < place.upperBound {
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, place.upperBound - at)])
            try file.read(at: at, into: piece)
            at += piece.count
            try take(UnsafeRawBufferPointer(piece))
        }
    }

    private func unpack(_ place: Range<Int>, _ take: (UnsafeRawBufferPointer) throws(ZipError) -> Void, _ damaged: ZipError) throws(ZipError) {
        guard let inflater = ship_zip_inflater_create() else { throw ZipWriter.systemError(path, ENOMEM) }
        defer { ship_zip_inflater_free(inflater) }
        let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { packed.deallocate() }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        var at = place.lowerBound
        var waiting = 0..<0
        while true {
            if waiting.isEmpty, at < place.upperBound {
                waiting = 0..<min(packed.count, place.upperBound - at)
                try file.read(at: at, into: UnsafeMutableRawBufferPointer(rebasing: packed[waiting]))
                at += waiting.count
            }
            var used: UInt32 = 0, made: UInt32 = 0
            let result = ship_zip_inflater_step(
                inflater, packed.baseAddress! + waiting.lowerBound, UInt32(waiting.count), &used, buffer.baseAddress, UInt32(buffer.count), &made)
            // Without progress there is nothing left to read, but no end either.
            guard result >= 0, used > 0 || made > 0 || result == 1 else { throw damaged }
            waiting = waiting.lowerBound + Int(used)..<waiting.upperBound
            if made > 0 { try take(UnsafeRawBufferPointer(rebasing: buffer[..<Int(made)])) }
            if result == 1 { break }
        }
        guard waiting.isEmpty, at == place.upperBound else { throw damaged }
    }
}
