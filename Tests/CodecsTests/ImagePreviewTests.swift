import Codecs
import Raster
import Testing

struct ImagePreviewTests {
    @Test func `each pixel is the mean of its square, fewer pixels at the edges`() throws {
        let picture = Drawn.color8(23, 11)
        guard case .color8(let image) = picture, case .color8(let small) = try ImageFile.preview(bytes: PNGWriter.encode(picture), name: "a", maxSide: 6) else {
            Issue.record("not colour")
            return
        }
        #expect((small.width, small.height) == (6, 3))
        for y in 0..<3 {
            for x in 0..<6 {
                var (sum, count) = (0, 0)
                for sy in (4 * y)..<min(11, 4 * y + 4) {
                    for sx in (4 * x)..<min(23, 4 * x + 4) { (sum, count) = (sum + Int(image[sx, sy].red), count + 1) }
                }
                #expect(Int(small[x, y].red) == (sum + count / 2) / count)
            }
        }
    }

    @Test func `small pictures stay as they are and orientation is applied`() throws {
        let picture = Drawn.gray8(7, 3)
        #expect(try ImageFile.preview(bytes: PNGWriter.encode(picture), name: "a", maxSide: 100) == picture)
        #expect(try ImageFile.preview(bytes: PNGWriter.encode(picture), name: "a", maxSide: 100, orientation: 6) == picture.oriented(6))
    }

    @Test func `sixteen bits are spread over the whole range`() throws {
        let picture = AnyImage.gray16(Image(width: 3, height: 1, pixels: [1000, 1500, 2000]))
        #expect(try ImageFile.preview(bytes: PNGWriter.encode(picture), name: "a", maxSide: 3) == .gray8(Image(width: 3, height: 1, pixels: [0, 127, 255])))
    }

    @Test(arguments: [1, 7, 20, 33, 64, 200])
    func `a JPEG keeps its shape at any size`(maxSide: Int) throws {
        let file = try JPEGWriter.encode(Drawn.gray8(200, 120))
        let small = try ImageFile.preview(bytes: file, name: "a", maxSide: maxSide)
        #expect(max(small.width, small.height) <= maxSide && small.width >= max(1, maxSide / 2))
        #expect(abs(small.height - (small.width * 120 + 100) / 200) <= 1)
    }
}
