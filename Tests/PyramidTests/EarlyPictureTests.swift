import Codecs
import Foundation
import Pyramid
import Raster
import Testing

struct EarlyPictureTests {
    private func drawn(_ width: Int, _ height: Int) -> Image<UInt8> {
        var image = Image<UInt8>(width: width, height: height, repeating: 0)
        for y in 0..<height {
            let across: Double = cos(Double(y) * 0.03)
            for x in 0..<width { image[x, y] = UInt8(127.5 + 110 * across * sin(Double(x) * 0.02)) }
        }
        return image
    }

    private func picture(_ bytes: [UInt8], orientation: Int = 1, maxPixels: Int = 5000, in folder: String) throws -> EarlyPicture {
        try Data(bytes).write(to: URL(filePath: folder + "/early"))
        let file = try FileHandle(forReadingFrom: URL(filePath: folder + "/early"))
        defer { try? file.close() }
        return try EarlyPicture(descriptor: file.fileDescriptor, name: "early", orientation: orientation, tileSize: 64, maxPixels: maxPixels)
    }

    @Test(arguments: ["jpeg", "png", "tiff", "deflated", "wide"], [1, 3, 6])
    func `tiles of the coarse picture are near the means of the image`(kind: String, orientation: Int) throws {
        try inTemporaryFolder { folder in
            let image = drawn(500, 300)
            let wide = Image<UInt16>(width: 500, height: 300, pixels: image.withBuffer { $0.map { UInt16($0) * 200 } })
            let bytes =
                switch kind {
                case "jpeg": try JPEGWriter.encode(.gray8(image), quality: 95)
                case "png": try PNGWriter.encode(.gray8(image))
                case "tiff": try TIFFWriter.encode(.gray8(image), compression: .none)
                case "deflated": try TIFFWriter.encode(.gray8(image), compression: .deflate)
                default: try PNGWriter.encode(.gray16(wide))
                }
            let early = try picture(bytes, orientation: orientation, in: folder)
            #expect(try early.pixels(z: 0, x: 0, y: 0) == nil)
            try early.fill()
            #expect(early.isComplete && !early.hasFailed)
            let upright = image.oriented(orientation)
            let native = early.layout.levels[early.layout.levels.count - 1]
            #expect((native.width, native.height) == (upright.width, upright.height))
            // Squares of 6 to 8 pixels of a picture that hardly changes over them.
            let factor = kind == "wide" ? 200 : 1
            for (z, level) in early.layout.levels.enumerated() {
                let unit = 1 << (early.layout.levels.count - 1 - z)
                for y in 0..<level.rows {
                    for x in 0..<level.columns {
                        let tile = try #require(try early.pixels(z: z, x: x, y: y))
                        #expect((tile.width, tile.height) == early.layout.tile(z: z, x: x, y: y) ?? (0, 0))
                        let (px, py) = (tile.width / 2, tile.height / 2)
                        let expected = Int(upright[min(native.width - 1, (64 * x + px) * unit + unit / 2), min(native.height - 1, (64 * y + py) * unit + unit / 2)])
                        switch tile {
                        case .gray8(let tile): #expect(abs(Int(tile[px, py]) - expected) < 25)
                        case .gray16(let tile): #expect(abs(Int(tile[px, py]) / factor - expected) < 25)
                        default: Issue.record("not gray")
                        }
                    }
                }
            }
        }
    }

    @Test func `what came before the file's end is shown, and the failure is known`() throws {
        try inTemporaryFolder { folder in
            let png = try PNGWriter.encode(.gray8(drawn(500, 300)), compression: 0)
            let early = try picture(Array(png.prefix(png.count / 2)), in: folder)
            #expect(throws: CodecError.self) { try early.fill() }
            #expect(early.hasFailed && !early.isComplete)
            guard case .gray8(let whole) = try #require(try early.pixels(z: 0, x: 0, y: 0)) else { Issue.record("not gray"); return }
            #expect(abs(Int(whole[5, 2]) - Int(drawn(500, 300)[44, 20])) < 25)
            #expect(whole[5, whole.height - 1] == 128)
        }
    }
}
