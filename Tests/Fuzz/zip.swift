import Codecs
import Foundation

nonisolated(unsafe) private let path = FileManager.default.temporaryDirectory.appending(path: "ship-fuzz-\(getpid()).zip").path

/// An archive of any bytes is listed and unpacked, or refused.
func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var limits = ZipReader.Limits()
    (limits.entries, limits.entryBytes, limits.totalBytes) = (200, 1 << 20, 4 << 20)
    guard (try? Data(bytes: data, count: count).write(to: URL(filePath: path))) != nil, let archive = try? ZipReader(path: path, limits: limits) else { return 0 }
    for entry in archive.entries { _ = try? archive.read(entry) }
    _ = try? EcoTaxaCheck.archive(path: path, limits: limits)
    return 0
}

exit(runFuzzer(fuzz))
