import Codecs
import Demo
import Foundation
import Raster

extension Scenes {
    /// Writes the scenes that cases work on as files, for other programs: gray and labels as PGM, the frame as PNG.
    static func write(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        func pgm(_ name: String, _ image: Image<UInt8>) throws {
            let head = "P5\n\(image.width) \(image.height)\n255\n"
            try (Data(head.utf8) + image.withBuffer { Data(buffer: $0) }).write(to: URL(filePath: "\(folder)/\(name).pgm"))
        }
        try pgm("sparse-\(sparseLevel)", sparse)
        try pgm("dense-\(denseLevel)", dense)
        let ellipses = EllipseScene.standard
        try pgm("ellipses", ellipses.gray)
        // 16-bit samples of a PGM stand highest byte first.
        var labels = [UInt16](repeating: 0, count: width * height)
        for (index, object) in ellipses.objects.enumerated() {
            for run in object.runs {
                for x in Int(run.first)...Int(run.last) { labels[Int(run.y) * width + x] = UInt16(index + 1).bigEndian }
            }
        }
        let head = "P5\n\(width) \(height)\n65535\n"
        try (Data(head.utf8) + labels.withUnsafeBytes { Data($0) }).write(to: URL(filePath: "\(folder)/ellipse-labels.pgm"))
        let frame = DemoScene(frame: 0, width: width, height: height).image
        try Data(try PNGWriter.encode(.color8(frame))).write(to: URL(filePath: "\(folder)/frame.png"))
    }
}
