import Codecs
import Foundation
import Pyramid
import Raster
import Testing

struct PyramidBuilderTests {
    /// Smooth shades, which JPEG of quality 100 keeps within a few levels.
    private func drawn(_ width: Int, _ height: Int) -> Image<UInt8> {
        var image = Image<UInt8>(width: width, height: height, repeating: 0)
        for y in 0..<height {
            for x in 0..<width { image[x, y] = UInt8(127.5 + 120 * sin(Double(x) * 0.03) * cos(Double(y) * 0.05)) }
        }
        return image
    }

    private func half(_ image: Image<UInt8>) -> Image<UInt8> {
        let (width, height) = ((image.width + 1) / 2, (image.height + 1) / 2)
        var result = Image<UInt8>(width: width, height: height, repeating: 0)
        for y in 0..<height {
            for x in 0..<width {
                let (right, below) = (min(2 * x + 1, image.width - 1), min(2 * y + 1, image.height - 1))
                let sum = Int(image[2 * x, 2 * y]) + Int(image[right, 2 * y]) + Int(image[2 * x, below]) + Int(image[right, below])
                result[x, y] = UInt8((sum + 2) / 4)
            }
        }
        return result
    }

    private func rows(_ image: AnyImage) throws -> any ImageRowReader {
        try ImageFile.rows(bytes: PNGWriter.encode(image, compression: 1), name: "drawn.png")
    }

    @Test func `a number of eight bytes in a small TIFF is no pyramid, and stops nothing`() throws {
        try inTemporaryFolder { folder in
            // One directory at 8 with one entry: tile width, LONG8, one, in a field of four bytes.
            let head: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0]
            let entry: [UInt8] = [0x42, 1, 16, 0, 1, 0, 0, 0, 0, 2, 0, 0]
            try Data(head + entry + [UInt8](repeating: 0, count: 68)).write(to: URL(fileURLWithPath: folder + "/p.tif"))
            let error = #expect(throws: PyramidError.self) { try PyramidFile(path: folder + "/p.tif") }
            guard case .notAPyramid = error else { throw try #require(error) }
        }
    }

    @Test(arguments: [(1, 1), (64, 64), (65, 64), (127, 129), (333, 201), (500, 31), (31, 500)])
    func `tiles put together are the image and its means, cropped at the edges`(width: Int, height: Int) throws {
        try inTemporaryFolder { folder in
            var image = drawn(width, height)
            try PyramidBuilder.build(source: try rows(.gray8(image)), to: folder + "/p.tif", tileSize: 64, quality: 100, sync: false)
            let pyramid = try PyramidFile(path: folder + "/p.tif")
            #expect((pyramid.width, pyramid.height, pyramid.tileSize) == (width, height, 64))
            for z in (0..<pyramid.levels).reversed() {
                let level = pyramid.layout.levels[z]
                #expect((level.width, level.height) == (image.width, image.height))
                for y in 0..<level.rows {
                    for x in 0..<level.columns {
                        let bytes = try #require(try pyramid.tile(z: z, x: x, y: y))
                        guard case .gray8(let tile) = try ImageFile.decode(bytes: bytes, name: "tile") else { Issue.record("not gray"); return }
                        let box = Rect(x: 64 * x, y: 64 * y, width: tile.width, height: tile.height)
                        #expect(box.width == min(64, level.width - 64 * x) && box.height == min(64, level.height - 64 * y))
                        let expected = image.cropped(to: box)
                        let worst = expected.withBuffer { a in tile.withBuffer { b in zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0 } }
                        #expect(worst <= 2, "z \(z), tile (\(x), \(y))")
                    }
                }
                image = half(image)
            }
            #expect(try pyramid.tile(z: pyramid.levels, x: 0, y: 0) == nil)
            #expect(try pyramid.tile(z: 0, x: 1, y: 0) == nil)
        }
    }

    @Test(arguments: [false, true])
    func `other readers find the same pages: native first, each half the one before`(bigTIFF: Bool) throws {
        try inTemporaryFolder { folder in
            let image = drawn(333, 201)
            try PyramidBuilder.build(source: try rows(.gray8(image)), to: folder + "/p.tif", tileSize: 64, quality: 100, pixelSizeMicrometres: 2, bigTIFF: bigTIFF, sync: false)
            #expect(try PyramidFile(path: folder + "/p.tif").tile(z: 3, x: 5, y: 3)?.isEmpty == false)
            // libtiff, which knows nothing of the index, decodes the padded tiles.
            var (expected, width, size) = (image, 333, 2.0)
            for page in 0..<4 {
                let header = try ImageFile.header(path: folder + "/p.tif", page: page)
                #expect((header.width, header.pages) == (width, 4))
                #expect(abs((header.resolution?.pixelSizeMicrometres.x ?? 0) - size) < 0.02 * size)
                guard case .gray8(let level) = try ImageFile.decode(path: folder + "/p.tif", page: page) else { Issue.record("not gray"); return }
                let worst = expected.withBuffer { a in level.withBuffer { b in zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0 } }
                #expect(worst <= 2)
                (expected, width, size) = (half(expected), (width + 1) / 2, size * 2)
            }
        }
    }

    @Test func `colour keeps its order and sixteen bits are shown through the window`() throws {
        try inTemporaryFolder { folder in
            let color = Image(width: 70, height: 70, repeating: BGR<UInt8>(blue: 200, green: 100, red: 20))
            try PyramidBuilder.build(source: try rows(.color8(color)), to: folder + "/c.tif", tileSize: 64, quality: 95, sync: false)
            let tile = try ImageFile.decode(bytes: try #require(try PyramidFile(path: folder + "/c.tif").tile(z: 1, x: 1, y: 1)), name: "tile")
            guard case .color8(let pixels) = tile else { Issue.record("not colour"); return }
            #expect((pixels.width, pixels.height) == (6, 6))
            #expect(abs(Int(pixels[3, 3].blue) - 200) <= 2 && abs(Int(pixels[3, 3].green) - 100) <= 2 && abs(Int(pixels[3, 3].red) - 20) <= 2)
            for (value, gray) in [(UInt16(900), 0), (1000, 0), (1100, 128), (1200, 255), (5000, 255)] {
                let deep = Image<UInt16>(width: 40, height: 40, repeating: value)
                try PyramidBuilder.build(source: try rows(.gray16(deep)), to: folder + "/d.tif", tileSize: 64, quality: 100, window: (1000, 1200), sync: false)
                let shown = try ImageFile.decode(bytes: try #require(try PyramidFile(path: folder + "/d.tif").tile(z: 0, x: 0, y: 0)), name: "tile")
                guard case .gray8(let pixels) = shown else { Issue.record("not gray"); return }
                #expect(abs(Int(pixels[20, 20]) - gray) <= 1)
            }
        }
    }

    @Test func `the same image gives the same file, and progress runs from 0 to 1`() throws {
        try inTemporaryFolder { folder in
            let image = AnyImage.gray8(drawn(300, 200))
            var steps: [Double] = []
            try PyramidBuilder.build(source: try rows(image), to: folder + "/a.tif", tileSize: 64) { steps.append($0) }
            try PyramidBuilder.build(source: try rows(image), to: folder + "/b.tif", tileSize: 64)
            #expect(try Data(contentsOf: URL(filePath: folder + "/a.tif")) == Data(contentsOf: URL(filePath: folder + "/b.tif")))
            #expect(steps == steps.sorted() && steps.last == 1 && steps.count == 7)
        }
    }

    @Test func `a cancelled or broken build throws what was thrown`() throws {
        struct Cancelled: Error {}
        try inTemporaryFolder { folder in
            let image = AnyImage.gray8(drawn(300, 200))
            #expect(throws: Cancelled.self) {
                try PyramidBuilder.build(source: try rows(image), to: folder + "/a.tif", tileSize: 64) { if $0 > 0.3 { throw Cancelled() } }
            }
            #expect(throws: PyramidError.self) { try PyramidFile(path: folder + "/a.tif") }
            let png = try PNGWriter.encode(image, compression: 0)
            let cut = try ImageFile.rows(bytes: Array(png.prefix(png.count / 2)), name: "cut.png")
            #expect(throws: CodecError.self) { try PyramidBuilder.build(source: cut, to: folder + "/b.tif") }
            #expect(throws: PyramidError.cannotWrite(file: folder + "/none/c.tif", reason: "No such file or directory")) {
                try PyramidBuilder.build(source: try rows(image), to: folder + "/none/c.tif")
            }
        }
    }

    @Test func `a damaged tile file is refused or answers within its own bytes`() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/p.tif"
            try PyramidBuilder.build(source: try rows(.gray8(drawn(150, 90))), to: path, tileSize: 64, sync: false)
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
            for length in [0, 1, 8, 15, 16, bytes.count / 2, bytes.count - 300, bytes.count - 1] {
                try Data(bytes.prefix(length)).write(to: URL(filePath: path))
                #expect(throws: PyramidError.self) { try PyramidFile(path: path) }
            }
            // The directories lie at the end; every byte there is damaged in turn.
            for at in Array(0..<8) + Array((bytes.count - 700)..<bytes.count) {
                var damaged = bytes
                damaged[at] ^= 0x95
                try Data(damaged).write(to: URL(filePath: path))
                guard let pyramid = try? PyramidFile(path: path) else { continue }
                for z in 0..<pyramid.levels { _ = try? pyramid.tile(z: z, x: 0, y: 0) }
            }
            #expect(throws: PyramidError.cannotRead(file: folder + "/none.tif", reason: "No such file or directory")) { try PyramidFile(path: folder + "/none.tif") }
        }
    }
}
