import Codecs
import Raster
import Testing

struct SkipRowsTests {
    static let files: [(String, [UInt8])] = [
        ("png", try! PNGWriter.encode(Drawn.color8(70, 90))), ("tiff", try! TIFFWriter.encode(Drawn.gray16(70, 90), compression: .none)),
        ("lzw", try! TIFFWriter.encode(Drawn.gray8(3000, 250), compression: .lzw)), ("deflate", try! TIFFWriter.encode(Drawn.color8(3000, 90), compression: .deflate)),
        ("jpeg", try! JPEGWriter.encode(Drawn.gray8(70, 90), quality: 90)), ("full", try! JPEGWriter.encode(Drawn.color8(70, 90), quality: 90, fullChroma: true)),
        ("halved", try! JPEGWriter.encode(Drawn.color8(70, 90), quality: 90)),
    ]

    @Test(arguments: files.indices)
    func `rows after left-out ones are the rows of the whole picture`(index: Int) throws {
        let (name, bytes) = Self.files[index]
        let whole = try ImageFile.decode(bytes: bytes, name: name)
        for skipped in [[0], [1], [17], [64], [89], [5, 30], [16, 40, 1]] {
            let reader = try ImageFile.rows(bytes: bytes, name: name)
            var row = 0
            for count in skipped {
                try reader.skipRows(count)
                row += count
                guard row < whole.height else { break }
                let got = try reader.readImage(rows: 1)
                #expect(got == whole.cropped(to: Rect(x: 0, y: row, width: whole.width, height: 1)), "\(name), row \(row) after skipping \(skipped)")
                row += 1
            }
        }
    }
}
