import CZip
import Glibc

/// Writes a ZIP archive entry by entry; equal entries in equal order give equal bytes.
///
/// Every entry is dated 1980-01-01 and readable by all; names are UTF-8; archives and entries beyond 4 GiB and beyond
/// 65,535 entries use ZIP64. Give it the path of a `.part` file: `close` syncs it, renaming is the caller's.
/// An archive that is dropped without `close` is left without a directory, so no reader takes it for complete.
package final class ZipWriter {
    package let path: String
    private var writer: OpaquePointer?
    private var names: Set<String> = []
    private var inEntry = false

    package init(path: String) throws(ZipError) {
        self.path = path
        var code: Int32 = 0
        guard let created = ship_zip_create(path, &code) else { throw Self.systemError(path, code) }
        writer = created
    }

    deinit {
        if let writer { ship_zip_abandon(writer) }
    }

    /// Adds one entry. Store (`compress` false) what is compressed already: PNG and JPEG.
    ///
    /// - Parameter level: 1 (quick) to 9 (small).
    /// - Throws: `.unsafeName` and `.duplicateName` before anything is written; `.diskFull` and `.io`.
    package func add(name: String, bytes: [UInt8], compress: Bool = true, level: Int = 6) throws(ZipError) {
        try begin(name: name, compress: compress, level: level, mayBeHuge: bytes.count > 0xfff0_0000)
        let whole = bytes.span.bytes
        try whole.withUnsafeBytes { (buffer: UnsafeRawBufferPointer) throws(ZipError) in try write(buffer) }
        try end()
    }

    /// Begins an entry whose bytes follow by `write`. `mayBeHuge` lets it exceed 4 GiB, for 20 bytes more.
    package func begin(name: String, compress: Bool = true, level: Int = 6, mayBeHuge: Bool = true) throws(ZipError) {
        precondition((1...9).contains(level), "level \(level)")
        precondition(!inEntry, "entry \(name) begins before the one before it has ended")
        if let reason = ZipEntryName.fault(Array(name.utf8)) { throw .unsafeName(file: path, entry: name, reason: reason) }
        guard names.insert(name).inserted else { throw .duplicateName(file: path, entry: name) }
        try check(ship_zip_begin(open(), name, compress ? Int32(level) : 0, mayBeHuge ? 1 : 0))
        inEntry = true
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(ZipError) {
        precondition(inEntry, "bytes without an entry")
        var at = 0
        while at < bytes.count {
            let count = min(bytes.count - at, 1 << 30)
            try check(ship_zip_write(open(), bytes.baseAddress! + at, UInt32(count)))
            at += count
        }
    }

    package func end() throws(ZipError) {
        precondition(inEntry, "no entry to end")
        inEntry = false
        try check(ship_zip_end(open()))
    }

    /// Writes the directory, syncs the file to the disk and closes it.
    package func close() throws(ZipError) {
        if inEntry { try end() }
        let finishing = open()
        writer = nil
        var code: Int32 = 0
        let result = ship_zip_finish(finishing, &code)
        guard result == 0 else { throw Self.systemError(path, code == 0 ? EIO : code) }
    }

    private func open() -> OpaquePointer {
        guard let writer else { preconditionFailure("\(path) is closed already") }
        return writer
    }

    private func check(_ result: Int32) throws(ZipError) {
        guard result != 0 else { return }
        let code = ship_zip_error(open())
        throw Self.systemError(path, code == 0 ? EIO : code)
    }

    static func systemError(_ path: String, _ code: Int32) -> ZipError {
        code == ENOSPC || code == EDQUOT ? .diskFull(file: path) : .io(file: path, code: code, reason: String(cString: strerror(code)))
    }
}
