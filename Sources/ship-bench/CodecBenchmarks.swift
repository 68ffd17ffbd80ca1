import Codecs
import Demo
import Foundation
import Operations
import Raster

/// Reading, writing and converting of 20-megapixel frames by strips, and 1-bit masks.
func codecBenchmarks(_ benchmark: Benchmark) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-bench-codecs-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (width, height) = (5184, 3888)
    let pixels = Double(width * height)
    let frame = DemoScene(frame: 0, width: width, height: height).image
    let pictures: [(String, AnyImage)] = [("colour", .color8(frame)), ("gray", .gray8(frame.gray())), ("16-bit gray", .gray16(AnyImage.color8(frame).gray16()))]

    for (kind, image) in pictures {
        for format in [ImageFormat.jpeg, .png, .tiff] where format != .jpeg || image.bitsPerSample == 8 {
            let path = folder.appending(path: "frame.\(format)").path
            try benchmark.run("write \(format) 20 MP \(kind), by strips to a file", items: pixels, per: 1e6, unit: "MP") {
                let part = try PartFile(path: path)
                let writer = try ImageFile.writer(format, to: .descriptor(part.descriptor), shape: image.shape)
                try writer.writeRows(image)
                try writer.finish()
                try part.commit()
            }
            guard FileManager.default.fileExists(atPath: path) else { continue }
            try benchmark.run("read \(format) 20 MP \(kind), by strips", items: pixels, per: 1e6, unit: "MP") {
                let reader = try ImageFile.rows(path: path)
                let strip = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * reader.header.rowBytes, alignment: 16)
                defer { strip.deallocate() }
                for row in stride(from: 0, to: height, by: 64) { try reader.readRows(into: strip, count: min(64, height - row)) }
            }
        }
    }

    // Inputs of the kind the peers' maskpng.py measures: a blob with an uneven edge.
    for side in [256, 2048] {
        let mask = drawnBlob(side)
        let times = side == 256 ? 1000 : 100
        benchmark.run("1-bit PNG of a \(side)² object, \(MaskPNG.encode(mask).count) bytes", items: Double(times), per: 1, unit: "masks", repeats: 9) {
            for _ in 0..<times { _ = MaskPNG.encode(mask) }
        }
    }
}

/// An ellipse whose edge waves coarsely and finely, filling most of a square.
private func drawnBlob(_ side: Int) -> Mask {
    var runs: [Run] = []
    for y in 0..<side {
        let (v, bottom) = (Double(y) / Double(side) - 0.5, Double(y) / Double(side))
        let inside = 1 - v * v / 0.06
        guard inside > 0 else { continue }
        let half = (0.10 * inside).squareRoot()
        let left = 0.5 - half + 0.02 * sin(bottom * 40) + 0.004 * sin(bottom * 700)
        let right = 0.5 + half + 0.02 * cos(bottom * 31) + 0.004 * cos(bottom * 900)
        let (first, last) = (max(0, Int(left * Double(side))), min(side - 1, Int(right * Double(side))))
        if first <= last { runs.append(Run(y: y, first: first, last: last)) }
    }
    return Mask(bounds: Rect(x: 0, y: 0, width: side, height: side), sortedRuns: runs)
}
