import Codecs
import Demo
import Foundation
import Testing

struct DemoFramesTests {
    @Test func `files carry names and metadata that ship reads back`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ship-demo-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let paths = try DemoFrames.write(to: folder, frames: 0..<9, width: 200, height: 150)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == paths.map { URL(filePath: $0).lastPathComponent }.sorted())
        #expect(paths[0].hasSuffix("/demo_st01_20260412_0000.jpg") && paths[8].hasSuffix("/demo_st03_20260412_0008.jpg"))
        let pattern = try FileNamePattern(DemoFrames.pattern)
        var positions: Set<String> = []
        for (frame, path) in paths.enumerated() {
            let fields = try #require(pattern.match(path))
            #expect(fields["cruise"] == "demo" && fields["frame"] == "\(frame)" && fields["date"] == "2026-04-12" && fields["station"] == "\(frame / 4 + 1)")
            let exif = try #require(EXIF.read(path: path))
            #expect(exif.date?.hasPrefix("2026-04-12T") == true)
            #expect(exif.orientation == 1 && exif.make == "ship" && exif.model == "Demo Microscope")
            #expect(exif.resolution?.pixelSize == .size(PixelSize(micrometres: 5, source: .exif)))
            positions.insert("\(exif.latitude ?? 0) \(exif.longitude ?? 0)")
            #expect(exif.latitude.map { abs($0 - (54.18 + 0.0125 * Double(frame / 4))) < 1e-7 } == true)
            #expect(exif.longitude.map { abs($0 - (7.9 - 0.048 * Double(frame / 4))) < 1e-7 } == true)
        }
        #expect(positions.count == 3)
    }

    @Test func `names and dates stay sound for hundreds of frames`() throws {
        let pattern = try FileNamePattern(DemoFrames.pattern)
        var names: Set<String> = []
        for frame in 0..<2000 {
            let (name, exif) = DemoFrames.description(of: frame)
            names.insert(name)
            #expect(pattern.match(name) != nil, "\(name)")
            #expect(EXIF.read(bytes: exif.inserted(into: [0xff, 0xd8, 0xff, 0xd9]))?.date != nil, "\(exif.dateTime)")
        }
        #expect(names.count == 2000)
    }

    @Test func `a folder that is not there is named in the error`() {
        #expect {
            try DemoFrames.write(to: "/nonexistent/folder", frames: 0..<1, width: 20, height: 20)
        } throws: { error in
            "\(error)".contains("/nonexistent/folder") && "\(error)".contains("cannot be written")
        }
    }
}
