import Foundation
import Pyramid

nonisolated(unsafe) private let path = FileManager.default.temporaryDirectory.appending(path: "ship-fuzz-\(getpid()).tif").path

/// A tile file with any bytes opens or is refused, and tiles never lie outside it.
func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard (try? Data(bytes: data, count: count).write(to: URL(filePath: path))) != nil, let pyramid = try? PyramidFile(path: path) else { return 0 }
    for z in 0..<pyramid.levels { _ = try? pyramid.tile(z: z, x: 0, y: 0) }
    return 0
}

exit(runFuzzer(fuzz))
