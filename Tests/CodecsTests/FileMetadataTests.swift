import Codecs
import Raster
import Testing

struct FileMetadataTests {
    private let packet = "<?xpacket begin=\"\u{FEFF}\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><r tiff:Orientation=\"6\"/><tiff:Orientation>8</tiff:Orientation></x:xmpmeta>"

    private func full() -> FileMetadata {
        var metadata = FileMetadata()
        metadata.exif.date = "2024-05-06T07:08:09"
        metadata.exif.orientation = 6
        (metadata.exif.latitude, metadata.exif.longitude, metadata.exif.altitude) = (-54.175_041_7, 7.9, -12.5)
        metadata.exif.gpsDate = "2024-05-06"
        metadata.exif.resolution = Resolution(x: 1886.792_452_83, y: 2000, unit: .centimetre, source: .exif)
        (metadata.exif.make, metadata.exif.model, metadata.exif.lens) = ("Helmholtz", "Scope 3", "macro")
        (metadata.exif.software, metadata.exif.artist, metadata.exif.description) = ("ship", "N. N.", "net haul, 200 µm")
        (metadata.exif.exposureTime, metadata.exif.fNumber, metadata.exif.iso, metadata.exif.focalLength) = (0.002, 5.6, 200, 50)
        metadata.texts = [.init(keyword: "Comment", text: "µm, 北海")]
        metadata.xmp = packet
        return metadata
    }

    @Test(arguments: [ImageFormat.png, .jpeg, .tiff])
    func `metadata written with a picture are read again`(format: ImageFormat) throws {
        let bytes = try ImageFile.encode(Drawn.gray8(5, 4), as: format, metadata: full())
        var read = try #require(FileMetadata.read(bytes: bytes))
        let resolution = try #require(read.exif.resolution)
        #expect(abs(resolution.pixelSizeMicrometres.x - 5.3) < 1e-6 && abs(resolution.pixelSizeMicrometres.y - 5) < 1e-6)
        var wanted = full()
        // TIFF has no texts, and keeps numbers of its tags as single-precision fractions.
        if format == .tiff { wanted.texts = [] }
        (read.exif.resolution, wanted.exif.resolution) = (nil, nil)
        for path in [\EXIF.latitude, \.longitude, \.altitude, \.exposureTime, \.fNumber, \.focalLength] {
            let (got, want) = (try #require(read.exif[keyPath: path]), wanted.exif[keyPath: path] ?? 0)
            #expect(abs(got - want) <= 2e-7 * abs(want))
            read.exif[keyPath: path] = want
        }
        #expect(read == wanted)
        #expect(try ImageFile.decode(bytes: bytes, name: "a").width == 5)
    }

    @Test func `a plain picture gets nothing it had not`() throws {
        for format in [ImageFormat.png, .jpeg, .tiff] {
            #expect(try FileMetadata.read(bytes: ImageFile.encode(Drawn.gray8(2, 2), as: format)) == FileMetadata())
        }
        #expect(EXIF().block() == nil)
    }

    @Test func `every kind of PNG text is read, within its limits`() throws {
        func text(_ bytes: [UInt8]) -> [UInt8] { Array("Title".utf8) + [0] + bytes }
        let small = HandmadePNG.zlib(Array("packed".utf8))
        // Deflate by stored blocks of 1 MB and a byte: more than a text may be.
        let large = HandmadePNG.zlib([UInt8](repeating: 65, count: (1 << 20) + 1))
        let chunks: [(String, [UInt8])] = [
            ("tEXt", text([0x6E, 0xB5, 0x6D])), ("zTXt", text([0] + small)), ("iTXt", text([0, 0] + Array("de\0Titel\0北海".utf8))),
            ("iTXt", text([1, 0] + Array("\0\0".utf8) + small)), ("zTXt", text([0] + large)), ("zTXt", text([1] + small)), ("zTXt", text([0, 1, 2, 3])),
            ("tEXt", Array("no end".utf8)), ("iTXt", text([0])), ("iTXt", text([])), ("tEXt", [0, 65]),
            ("iTXt", Array("XML:com.adobe.xmp".utf8) + [0, 1, 0, 0, 0] + HandmadePNG.zlib(Array(packet.utf8))),
            ("tEXt", Array("Raw profile type icc".utf8) + [0] + Array("\nicc\n 4\n00112233".utf8)),
        ]
        let file = HandmadePNG.file(width: 1, height: 1, bits: 8, colorType: 0, chunks: chunks, rows: [0, 9])
        let metadata = try #require(FileMetadata.read(bytes: file))
        #expect(metadata.texts.map(\.text) == ["nµm", "packed", "北海", "packed"])
        #expect(metadata.texts.allSatisfy { $0.keyword == "Title" })
        #expect(metadata.xmp == packet)
        #expect(try ImageFile.decode(bytes: file, name: "a").width == 1)
        let many = HandmadePNG.file(width: 1, height: 1, bits: 8, colorType: 0, chunks: (0..<300).map { _ in ("tEXt", text([65])) }, rows: [0, 9])
        #expect(FileMetadata.read(bytes: many)?.texts.count == 256)
    }

    @Test func `damaged metadata leave the rest and the pixels alone`() throws {
        for format in [ImageFormat.png, .jpeg] {
            let good = try ImageFile.encode(Drawn.gray8(9, 9), as: format, metadata: full())
            let start = try #require(good.indices.first { good[$0...].starts(with: [0x49, 0x49, 42, 0]) })
            var random = Drawn.Random(11)
            for _ in 0..<200 {
                var bad = good
                for _ in 0..<4 { bad[start + 4 + random.below(300)] = UInt8(random.below(256)) }
                #expect(FileMetadata.read(bytes: bad) != nil)
                // PNG checks the block's sum; JPEG has none.
                if format == .jpeg { #expect(try ImageFile.decode(bytes: bad, name: "a").width == 9) }
            }
        }
    }

    @Test func `an upright picture has no orientation left, in its packet neither`() {
        let turned = full().turnedUpright()
        #expect(turned.exif.orientation == 1)
        #expect(turned.exif.resolution?.x == 2000)
        #expect(turned.xmp == packet.replacing("\"6\"", with: "\"1\"").replacing(">8<", with: ">1<"))
    }

    @Test(arguments: [0.0, 0.002, 1.0 / 3, 5.3, 54.175_041_7, 72, 4_294_967_294, 1e-9, 1e12, -4, .nan, .infinity])
    func `numbers become the closest fraction of two 32-bit numbers`(value: Double) throws {
        var metadata = FileMetadata()
        metadata.exif.focalLength = value
        let read = try FileMetadata.read(bytes: ImageFile.encode(Drawn.gray8(1, 1), as: .png, metadata: metadata))?.exif.focalLength
        if value.isFinite, value >= 1e-9, value < 4.2e9 { #expect(abs((read ?? 0) - value) <= 1e-9 * value) } else { #expect(read == nil || (read ?? 0) > 4e9) }
    }

    @Test(.enabled(if: SharedData.folder != nil))
    func `cameras' metadata survive a change of format`() throws {
        for path in SharedData.files("exif-cameras") where !path.hasSuffix(".md") {
            let source = try #require(FileMetadata.read(path: path))
            let image = try ImageFile.decode(path: path)
            for format in [ImageFormat.png, .jpeg, .tiff] {
                let read = try #require(FileMetadata.read(bytes: ImageFile.encode(image, as: format, metadata: source)))
                #expect(read.exif.date == source.exif.date && read.exif.orientation == source.exif.orientation && read.exif.make == source.exif.make, "\(path)")
                #expect(read.exif.model == source.exif.model && read.exif.iso == source.exif.iso && read.xmp == source.xmp, "\(path)")
                if let latitude = source.exif.latitude { #expect(abs((read.exif.latitude ?? 0) - latitude) < 1e-6, "\(path)") }
            }
        }
    }
}
