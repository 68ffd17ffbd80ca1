import Codecs
import Foundation
import Raster
import Testing

struct ImageRowWriterTests {
    private func file(_ body: (Int32) throws -> Void) throws -> [UInt8] {
        let path = FileManager.default.temporaryDirectory.appending(path: "ship-writer-\(UUID().uuidString)").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        defer {
            close(descriptor)
            unlink(path)
        }
        try body(descriptor)
        return try #require(SharedData.bytes(path))
    }

    @Test(arguments: [ImageFormat.png, .tiff, .jpeg], [1, 7, 64])
    func `rows written in strips of any size to a file give the bytes of a whole picture in memory`(format: ImageFormat, step: Int) throws {
        // More than one output buffer and more than one strip.
        for image in Drawn.all(331, 420) where format != .jpeg || image.bitsPerSample == 8 {
            let written = try file { descriptor in
                let writer = try ImageFile.writer(format, to: .descriptor(descriptor), shape: image.shape)
                let rows = Drawn.bytes(image)
                let bytes = image.shape.rowBytes
                for row in stride(from: 0, to: image.height, by: step) {
                    let count = min(step, image.height - row)
                    try rows[(row * bytes)..<((row + count) * bytes)].withUnsafeBytes { try writer.writeRows($0, count: count) }
                }
                try writer.finish()
            }
            #expect(try written == ImageFile.encode(image, as: format))
            if format != .jpeg { #expect(try ImageFile.decode(bytes: written, name: "a") == image) }
        }
    }

    @Test func `one-bit rows are written to PNG and TIFF`() throws {
        let shape = PictureShape(width: 10, height: 2, channels: 1, bitsPerSample: 1)
        let rows: [UInt8] = [0b1010_0000, 0b0100_0000, 0xFF, 0xC0]
        for format in [ImageFormat.png, .tiff] {
            let writer = try ImageFile.writer(format, to: .memory, shape: shape)
            try rows.withUnsafeBytes { try writer.writeRows($0, count: 2) }
            try writer.finish()
            let bytes = Array(writer.file)
            #expect(try Drawn.bytes(ImageFile.decode(bytes: bytes, name: "a")) == [255, 0, 255, 0, 0, 0, 0, 0, 0, 255] + [UInt8](repeating: 255, count: 10))
            if format == .png { #expect(try MaskPNG.decode(bytes) == Mask("#.#......#", "##########")) }
        }
        #expect(throws: CodecError.self) { try ImageFile.writer(.jpeg, to: .memory, shape: shape) }
    }

    @Test func `a picture whose pixels pass 3,5 GB becomes a BigTIFF`() throws {
        func start(_ height: Int) throws -> [UInt8] {
            try file { descriptor in
                let writer = try TIFFRowWriter(to: .descriptor(descriptor), shape: PictureShape(width: 50_000, height: height, channels: 1, bitsPerSample: 8))
                try [UInt8](repeating: 9, count: 50_000).withUnsafeBytes { try writer.writeRows($0, count: 1) }
            }
        }
        #expect(try start(70_001).prefix(4) == [0x49, 0x49, 43, 0])
        #expect(try start(60_000).prefix(4) == [0x49, 0x49, 42, 0])
    }

    @Test(arguments: [ImageFormat.png, .tiff, .jpeg])
    func `a full disk is an error with the system's reason`(format: ImageFormat) throws {
        let full = open("/dev/full", O_RDWR)
        try #require(full >= 0)
        defer { close(full) }
        var random = Drawn.Random(5)
        let noise = AnyImage.gray8(Image(width: 600, height: 600, pixels: (0..<360_000).map { _ in UInt8(random.below(256)) }))
        #expect(throws: CodecError.cannotEncode(reason: "No space left on device")) {
            let writer = try ImageFile.writer(format, to: .descriptor(full), shape: noise.shape)
            try writer.writeRows(noise)
            try writer.finish()
        }
    }

    @Test func `what a format does not hold is refused before anything is written`() {
        #expect(throws: CodecError.self) { try ImageFile.encode(Drawn.gray16(2, 2), as: .jpeg) }
        #expect(throws: CodecError.self) { try ImageFile.writer(.jpeg, to: .memory, shape: PictureShape(width: 65_501, height: 1, channels: 1, bitsPerSample: 8)) }
        for format in [ImageFormat.png, .jpeg, .tiff] {
            #expect(throws: CodecError.cannotEncode(reason: "it has no pixels")) {
                try ImageFile.writer(format, to: .memory, shape: PictureShape(width: 0, height: 1, channels: 1, bitsPerSample: 8))
            }
        }
    }

    @Test func `the ending of a name chooses the format`() {
        let cases: [(String, ImageFormat?)] = [
            ("a.png", .png), ("/x.y/a.JPG", .jpeg), ("a.b.Jpeg", .jpeg), ("a.TIF", .tiff), ("a.tiff", .tiff), (".png", .png), ("png", nil), ("a.gif", nil),
            ("a.png/b", nil), ("", nil), ("a.", nil),
        ]
        for (name, format) in cases { #expect(ImageFormat(ending: name) == format, "\(name)") }
    }
}
