import Codecs
import Foundation
import Pyramid
import Raster
import Testing

/// Pyramids that are made from the planes of a JPEG.
struct JPEGPyramidTests {
    /// All samples of a plane, and its size in whole blocks.
    private struct Plane: Equatable {
        var stride: Int
        var samples: [UInt8]
    }

    private func planes(of bytes: [UInt8]) throws -> (planes: [Plane], layout: JPEGPlaneLayout, header: ImageHeader) {
        let reader = try #require(try JPEGPlaneReader.open(bytes: bytes, name: "drawn.jpg"))
        let (layout, header) = (reader.layout, reader.header)
        var result: [Plane] = []
        for plane in 0..<layout.planes {
            let (across, down) = plane == 0 ? (1, 1) : (layout.across, layout.down)
            let stride = (header.width + 64) / across
            result.append(Plane(stride: stride, samples: Array(repeating: 0, count: stride * (header.height + 64) / down)))
        }
        for y in stride(from: 0, to: header.height, by: reader.rowsPerReading) {
            var rows = JPEGPlaneRows()
            var rooms: [UnsafeMutablePointer<UInt8>] = []
            for plane in result.indices {
                let room = UnsafeMutablePointer<UInt8>.allocate(capacity: result[plane].stride * reader.rowsPerReading)
                rooms.append(room)
                rows.set(plane, room, stride: result[plane].stride, blocks: nil, blockStride: 0)
            }
            defer { rooms.forEach { $0.deallocate() } }
            try reader.read(into: rows)
            for plane in result.indices {
                let down = plane == 0 ? 1 : layout.down
                let count = result[plane].stride * (reader.rowsPerReading / down)
                for index in 0..<count { result[plane].samples[y / down * result[plane].stride + index] = rooms[plane][index] }
            }
        }
        return (result, layout, header)
    }

    private func drawn(_ width: Int, _ height: Int, gray: Bool) -> AnyImage {
        func wave(_ x: Int, _ y: Int, _ k: Double) -> UInt8 {
            let (a, b): (Double, Double) = (sin(Double(x) * 0.07 * k), cos(Double(y) * 0.05 / k))
            return UInt8(127.5 + 120 * a * b)
        }
        var (plain, color) = (Image<UInt8>(width: width, height: height, repeating: 0), Image(width: width, height: height, repeating: BGR<UInt8>(blue: 0, green: 0, red: 0)))
        for y in 0..<height {
            for x in 0..<width {
                plain[x, y] = wave(x, y, 1)
                color[x, y] = BGR(blue: wave(x, y, 0.5), green: wave(x, y, 1), red: wave(x, y, 1.5))
            }
        }
        return gray ? .gray8(plain) : .color8(color)
    }

    enum Kind: CaseIterable { case gray, full, halved }

    private func file(_ width: Int, _ height: Int, _ kind: Kind, quality: Int = 92) throws -> [UInt8] {
        try JPEGWriter.encode(drawn(width, height, gray: kind == .gray), quality: quality, fullChroma: kind == .full)
    }

    @Test(arguments: [(1, 1), (64, 64), (65, 63), (129, 200), (333, 31), (16, 500), (200, 97)], Kind.allCases)
    func `native tiles hold exactly the planes of the source`(size: (Int, Int), kind: Kind) throws {
        try inTemporaryFolder { folder in
            let (width, height) = size
            let bytes = try file(width, height, kind)
            try Data(bytes).write(to: URL(filePath: folder + "/a.jpg"))
            try PyramidImage(path: folder + "/a.jpg").write(to: folder + "/p.tif", tileSize: 64)
            let pyramid = try PyramidFile(path: folder + "/p.tif")
            let whole = try planes(of: bytes)
            #expect((pyramid.width, pyramid.height, pyramid.channels) == (width, height, kind == .gray ? 1 : 3))
            let z = pyramid.levels - 1
            for y in 0..<pyramid.layout.levels[z].rows {
                for x in 0..<pyramid.layout.levels[z].columns {
                    let tile = try planes(of: try #require(try pyramid.tile(z: z, x: x, y: y)))
                    #expect((tile.layout.across, tile.layout.down) == (whole.layout.across, whole.layout.down))
                    #expect((tile.header.width, tile.header.height) == (min(64, width - 64 * x), min(64, height - 64 * y)))
                    for plane in whole.planes.indices {
                        let (across, down) = plane == 0 ? (1, 1) : (whole.layout.across, whole.layout.down)
                        let (a, b) = (whole.planes[plane], tile.planes[plane])
                        var different = 0
                        for row in 0..<((tile.header.height + down - 1) / down) {
                            for column in 0..<((tile.header.width + across - 1) / across)
                            where a.samples[(64 / down * y + row) * a.stride + 64 / across * x + column] != b.samples[row * b.stride + column] { different += 1 }
                        }
                        #expect(different == 0, "plane \(plane) of tile (\(x), \(y))")
                    }
                }
            }
        }
    }

    @Test(arguments: [(65, 63), (200, 97), (333, 31), (129, 200)], Kind.allCases)
    func `levels from planes equal levels from colours within what two encodings differ by`(size: (Int, Int), kind: Kind) throws {
        try inTemporaryFolder { folder in
            let bytes = try file(size.0, size.1, kind, quality: 98)
            try Data(bytes).write(to: URL(filePath: folder + "/a.jpg"))
            try PyramidBuilder.build(source: try ImageFile.rows(path: folder + "/a.jpg"), to: folder + "/rows.tif", tileSize: 64, quality: 98, sync: false)
            for isLossless in [false, true] {
                try PyramidBuilder.build(
                    planes: try #require(try JPEGPlaneReader.open(path: folder + "/a.jpg")), isLossless: isLossless, to: folder + "/planes.tif", tileSize: 64,
                    quality: 98, sync: false)
                let (a, b) = (try PyramidFile(path: folder + "/rows.tif"), try PyramidFile(path: folder + "/planes.tif"))
                #expect(a.layout == b.layout)
                for (z, level) in a.layout.levels.enumerated() {
                    let box = Rect(x: 0, y: 0, width: level.width, height: level.height)
                    let difference = difference(try #require(try a.pixels(box, level: z)), try #require(try b.pixels(box, level: z)))
                    #expect(difference.mean < 1.5 && difference.most < 40, "level \(z): \(difference)")
                }
                // What libtiff makes of whole tiles is the same picture.
                for page in 0..<a.levels {
                    let other = try ImageFile.decode(path: folder + "/planes.tif", page: page)
                    let level = a.layout.levels[a.levels - 1 - page]
                    let own = try #require(try b.pixels(Rect(x: 0, y: 0, width: level.width, height: level.height), level: a.levels - 1 - page))
                    #expect(difference(other, own).mean < 1, "page \(page)")
                }
            }
        }
    }

    private func difference(_ a: AnyImage, _ b: AnyImage) -> (mean: Double, most: Int) {
        func samples(_ image: AnyImage) -> [Int] {
            switch image {
            case .gray8(let image): image.withBuffer { $0.map { Int($0) } }
            case .color8(let image): image.withBuffer { $0.flatMap { [Int($0.blue), Int($0.green), Int($0.red)] } }
            case .gray16, .color16: []
            }
        }
        let all = zip(samples(a), samples(b)).map { abs($0 - $1) }
        return (all.isEmpty ? .infinity : Double(all.reduce(0, +)) / Double(all.count), all.max() ?? .max)
    }

    @Test func `coefficients beyond eight bits are not copied, the picture is encoded anew`() throws {
        try inTemporaryFolder { folder in
            // 8 × 8 gray; code 0 stands for "mean as before" and for one coefficient of 15 bits, code 10 ends the block.
            var bytes: [UInt8] = [0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0] + Array(repeating: 1, count: 64)
            bytes += [0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]
            bytes += [0xFF, 0xC4, 0, 20, 0x00, 1] + Array(repeating: 0, count: 15) + [0x00]
            bytes += [0xFF, 0xC4, 0, 21, 0x10, 1, 1] + Array(repeating: 0, count: 14) + [0x0F, 0x00]
            bytes += [0xFF, 0xDA, 0, 8, 1, 1, 0x00, 0, 63, 0]
            bytes += [0b0011_1111, 0xFF, 0, 0b1101_1111, 0xFF, 0xD9]
            try Data(bytes).write(to: URL(filePath: folder + "/a.jpg"))
            let reader = try #require(try JPEGPlaneReader.open(path: folder + "/a.jpg"))
            #expect(throws: CodecError.self) { try PyramidBuilder.build(planes: reader, isLossless: true, to: folder + "/p.tif", tileSize: 64, sync: false) }
            try PyramidImage(path: folder + "/a.jpg").write(to: folder + "/q.tif", tileSize: 64)
            let tile = try ImageFile.decode(bytes: try #require(try PyramidFile(path: folder + "/q.tif").tile(z: 0, x: 0, y: 0)), name: "tile")
            #expect(difference(tile, try ImageFile.decode(path: folder + "/a.jpg")).mean < 12)
        }
    }

    @Test func `a JPEG that ends too early or is damaged is an error, never a trap`() throws {
        try inTemporaryFolder { folder in
            let bytes = try file(150, 90, .halved)
            #expect(throws: CodecError.self) { try planes(of: Array(bytes.prefix(bytes.count / 2))) }
            for at in stride(from: 2, to: bytes.count, by: 7) {
                var damaged = bytes
                damaged[at] ^= 0x55
                try Data(damaged).write(to: URL(filePath: folder + "/a.jpg"))
                do { try PyramidImage(path: folder + "/a.jpg").write(to: folder + "/p.tif", tileSize: 64) } catch is CodecError {} catch is PyramidError {}
            }
        }
    }

    @Test(arguments: 1...8)
    func `a turned picture has the tiles of its upright pixels`(orientation: Int) throws {
        try inTemporaryFolder { folder in
            let image = drawn(150, 90, gray: false)
            try Data(try PNGWriter.encode(image)).write(to: URL(filePath: folder + "/a.png"))
            try Data(try PNGWriter.encode(image.oriented(orientation))).write(to: URL(filePath: folder + "/b.png"))
            try PyramidImage(path: folder + "/a.png", orientation: orientation).write(to: folder + "/a.tif", tileSize: 64)
            try PyramidImage(path: folder + "/b.png").write(to: folder + "/b.tif", tileSize: 64)
            #expect(try Data(contentsOf: URL(filePath: folder + "/a.tif")) == Data(contentsOf: URL(filePath: folder + "/b.tif")))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.png", "a.tif", "b.png", "b.tif"])
        }
    }
}
