import Codecs
import Foundation
import Raster
import Testing

struct ImageFileTests {
    @Test func `the kind of a file is told by its content and not by its name`() throws {
        let picture = Drawn.gray8(5, 4)
        #expect(try ImageFile.header(bytes: PNGWriter.encode(picture), name: "a.jpg").format == .png)
        #expect(try ImageFile.header(bytes: JPEGWriter.encode(picture), name: "a.tif").format == .jpeg)
        #expect(try ImageFile.header(bytes: TIFFWriter.encode(picture), name: "a.png").format == .tiff)
    }

    @Test func `what is no image is refused with a sentence`() throws {
        #expect(throws: CodecError.empty(file: "a.jpg")) { try ImageFile.decode(bytes: [], name: "a.jpg") }
        #expect(throws: CodecError.notAnImage(file: "a.png")) { try ImageFile.decode(bytes: Array("GIF89a......".utf8), name: "a.png") }
        #expect(throws: CodecError.notAnImage(file: "b")) { try ImageFile.header(bytes: [0xFF], name: "b") }
        #expect(CodecError.empty(file: "a.jpg").description == "a.jpg is empty (0 bytes); copy it again from its source")
        #expect(throws: CodecError.unreadable(file: "nowhere.png", reason: "No such file or directory")) {
            try ImageFile.header(path: "/nonexistent/nowhere.png")
        }
        #expect(throws: CodecError.unreadable(file: "/", reason: "it is not an ordinary file")) { try ImageFile.header(path: "/") }
    }

    @Test func `header, rows and whole picture agree for every kind, from bytes, path and descriptor`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ship-image-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for picture in Drawn.all(37, 29) {
            for file in [try PNGWriter.encode(picture), try TIFFWriter.encode(picture)] {
                let path = folder + "/picture"
                try Data(file).write(to: URL(filePath: path))
                let handle = try #require(FileHandle(forReadingAtPath: path))
                let header = try ImageFile.header(path: path)
                #expect((header.width, header.height) == (37, 29))
                #expect((header.channels, header.bitsPerSample) == (picture.channels, picture.bitsPerSample))
                #expect(header.pixelBytes == picture.byteCount)
                #expect(try ImageFile.header(descriptor: handle.fileDescriptor, name: "picture") == header)
                #expect(try ImageFile.decode(path: path) == picture)
                #expect(try ImageFile.decode(bytes: file, name: "picture") == picture)
                #expect(try ImageFile.decode(descriptor: handle.fileDescriptor, name: "picture") == picture)
                // Rows in helpings of 1, 2, 3, ...
                let reader = try ImageFile.rows(path: path)
                let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: header.pixelBytes, alignment: 8)
                defer { bytes.deallocate() }
                var (row, helping) = (0, 1)
                while row < header.height {
                    let count = min(helping, header.height - row)
                    let part = bytes[(row * header.rowBytes)..<((row + count) * header.rowBytes)]
                    try reader.readRows(into: UnsafeMutableRawBufferPointer(rebasing: part), count: count)
                    row += count
                    helping += 1
                }
                #expect(Array(bytes) == Drawn.bytes(picture))
            }
        }
    }

    @Test func `a page that is not there is refused`() throws {
        let picture = Drawn.gray8(5, 4)
        #expect(throws: CodecError.noSuchPage(file: "a", page: 1, pages: 1)) { try ImageFile.decode(bytes: PNGWriter.encode(picture), name: "a", page: 1) }
        #expect(throws: CodecError.noSuchPage(file: "a", page: 3, pages: 1)) { try ImageFile.decode(bytes: TIFFWriter.encode(picture), name: "a", page: 3) }
        #expect(throws: CodecError.noSuchPage(file: "a", page: -1, pages: 1)) { try ImageFile.decode(bytes: TIFFWriter.encode(picture), name: "a", page: -1) }
    }

    @Test(arguments: [0, 1, 2, 3])
    func `a file cut anywhere is an error or the whole picture, never a part of it`(kind: Int) throws {
        let picture = Drawn.color8(33, 21)
        let file =
            switch kind {
            case 0: try PNGWriter.encode(picture)
            case 1: try TIFFWriter.encode(picture)
            case 2: try TIFFWriter.encode(picture, compression: .none)
            default: try JPEGWriter.encode(picture, quality: 80)
            }
        let whole = try ImageFile.decode(bytes: file, name: "whole")
        var errors = 0
        for length in 0..<file.count {
            do throws(CodecError) {
                let decoded = try ImageFile.decode(bytes: Array(file[..<length]), name: "cut")
                #expect(decoded == whole, "\(length) of \(file.count) bytes gave another picture")
            } catch { errors += 1 }
        }
        // Only what follows the pixels (end marks) may be missing.
        #expect(errors >= file.count - 60)
    }

    @Test(arguments: [0, 1, 2, 3, 4])
    func `ten thousand damaged files are refused or decoded, quickly and without a trap`(kind: Int) throws {
        let file =
            switch kind {
            case 0: try PNGWriter.encode(Drawn.color16(9, 7))
            case 1: try TIFFWriter.encode(Drawn.gray16(9, 7), compression: .lzw)
            case 2: try TIFFWriter.encode(Drawn.color8(9, 7), compression: .none)
            case 3: try JPEGWriter.encode(Drawn.gray8(17, 9))
            default: try JPEGWriter.encode(Drawn.color8(17, 9))
            }
        var random = Drawn.Random(UInt64(kind) + 10)
        let limits = DecodeLimits(maxPixelBytes: 1 << 24, maxSide: 1 << 16, maxDecoderBytes: 1 << 24)
        for _ in 0..<2_000 {
            var damaged = file
            for _ in 0...random.below(4) {
                let at = random.below(damaged.count)
                switch random.below(4) {
                case 0: damaged[at] = UInt8(random.below(256))
                case 1: damaged[at] ^= 1 << UInt8(random.below(8))
                case 2: damaged.remove(at: at)
                default: damaged.insert(UInt8(random.below(256)), at: at)
                }
            }
            _ = try? ImageFile.decode(bytes: damaged, name: "damaged", limits: limits)
        }
    }

    @Test func `a small file that claims a huge picture is refused before memory is taken`() throws {
        let rows = [UInt8](repeating: 0, count: 9)
        for (width, height) in [(0x7FFF_FFFF, 0x7FFF_FFFF), (60_000, 60_000), (1_000_000, 1_000_000)] {
            let png = HandmadePNG.file(width: width, height: height, bits: 8, colorType: 6, rows: rows)
            #expect(throws: CodecError.self) { try ImageFile.decode(bytes: png, name: "bomb.png") }
            let interlaced = HandmadePNG.file(width: width, height: height, bits: 16, colorType: 6, interlace: 1, rows: rows)
            #expect(throws: CodecError.self) { try ImageFile.rows(bytes: interlaced, name: "bomb.png") }
            let tiff = HandmadeTIFF.file(tags: HandmadeTIFF.tags(width: width, height: height, bits: [8, 8, 8], photometric: 2), strips: [rows])
            #expect(throws: CodecError.self) { try ImageFile.decode(bytes: tiff, name: "bomb.tif") }
        }
        // A JPEG whose size field is raised to 65,500 × 65,500.
        var jpeg = try JPEGWriter.encode(Drawn.gray8(16, 16))
        let frame = try #require((0..<(jpeg.count - 1)).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        for at in [frame + 5, frame + 7] { (jpeg[at], jpeg[at + 1]) = (0xFF, 0xDC) }
        #expect(throws: CodecError.truncated(file: "bomb.jpg", row: 0)) { try ImageFile.decode(bytes: jpeg, name: "bomb.jpg") }
    }

    @Test func `a whole decode beyond the limit is refused and rows still come`() throws {
        let file = try PNGWriter.encode(Drawn.gray8(100, 100))
        let limits = DecodeLimits(maxPixelBytes: 9_999)
        let error = #expect(throws: CodecError.self) { try ImageFile.decode(bytes: file, name: "a.png", limits: limits) }
        #expect(error?.description == "a.png is too large: 100 × 100 pixels take 1 MB in memory, more than the 1 MB allowed")
        #expect(try ImageFile.rows(bytes: file, name: "a.png", limits: limits).header.width == 100)
    }
}
