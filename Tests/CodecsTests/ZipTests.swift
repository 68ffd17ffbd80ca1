import Codecs
import Foundation
import Testing

private func inTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-zip-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

/// Result of a Python program; nil where Python is absent.
private func python(_ program: String, _ arguments: String...) throws -> String? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 127 ? nil : String(decoding: data, as: UTF8.self)
}

struct ZipWriterTests {
    @Test func `entries come back byte for byte and names keep their letters`() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/a.zip"
            let noise = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
            let writer = try ZipWriter(path: path)
            try writer.add(name: "ecotaxa_ü.tsv", bytes: Array(repeating: 65, count: 100_000))
            try writer.add(name: "images/noise.png", bytes: noise, compress: false)
            try writer.add(name: "empty", bytes: [])
            try writer.close()
            let reader = try ZipReader(path: path)
            #expect(reader.entries.map(\.name) == ["ecotaxa_ü.tsv", "images/noise.png", "empty"])
            #expect(reader.entries.map(\.size) == [100_000, 300_000, 0])
            #expect(reader.entries[0].compressedSize < 1000 && reader.entries[1].compressedSize == 300_000)
            #expect(try reader.read(reader.entries[0]) == Array(repeating: 65, count: 100_000))
            #expect(try reader.read(#require(reader.entry(named: "images/noise.png"))) == noise)
            #expect(try reader.read(reader.entries[2]) == [])
            let seen = try python(
                "import zipfile,sys; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), [(i.filename,i.date_time[:3],i.compress_type) for i in z.infolist()])", path)
            if let seen {
                #expect(seen == "None [('ecotaxa_ü.tsv', (1980, 1, 1), 8), ('images/noise.png', (1980, 1, 1), 0), ('empty', (1980, 1, 1), 8)]\n")
            }
        }
    }

    @Test func `equal entries give equal bytes`() throws {
        try inTemporaryFolder { folder in
            for name in ["a", "b"] {
                let writer = try ZipWriter(path: folder + "/" + name)
                for index in 0..<20 { try writer.add(name: "f\(index)", bytes: Array("text \(index)".utf8)) }
                try writer.close()
            }
            #expect(try Data(contentsOf: URL(filePath: folder + "/a")) == Data(contentsOf: URL(filePath: folder + "/b")))
        }
    }

    @Test func `seventy thousand entries need ZIP64 and get it`() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/many.zip"
            let writer = try ZipWriter(path: path)
            for index in 0..<70_000 { try writer.add(name: "d/\(index)", bytes: [UInt8(index & 255)], compress: false) }
            try writer.close()
            let reader = try ZipReader(path: path)
            #expect(reader.entries.count == 70_000)
            #expect(try reader.read(reader.entries[69_999]) == [UInt8(69_999 & 255)])
            if let seen = try python("import zipfile,sys; z=zipfile.ZipFile(sys.argv[1]); print(len(z.namelist()), z.testzip())", path) {
                #expect(seen == "70000 None\n")
            }
        }
    }

    @Test func `unsafe and repeated names are refused before they are written`() throws {
        try inTemporaryFolder { folder in
            let writer = try ZipWriter(path: folder + "/a.zip")
            for name in ["", "/abs", "a/../b", "..", "C:x", "a\\b", "a//b", "./a", "tab\there"] {
                #expect(throws: ZipError.self, "\(name)") { try writer.add(name: name, bytes: []) }
            }
            try writer.add(name: "once", bytes: [])
            #expect(throws: ZipError.duplicateName(file: folder + "/a.zip", entry: "once")) { try writer.add(name: "once", bytes: []) }
            try writer.close()
            #expect(try ZipReader(path: folder + "/a.zip").entries.map(\.name) == ["once"])
        }
    }

    @Test func `a full disk and a missing folder are told apart`() throws {
        #expect(throws: ZipError.self) { try ZipWriter(path: "/nonexistent/folder/a.zip") }
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        let writer = try ZipWriter(path: "/dev/full")
        #expect(throws: ZipError.diskFull(file: "/dev/full")) {
            for index in 0..<100 { try writer.add(name: "\(index)", bytes: Array(repeating: 7, count: 100_000), compress: false) }
            try writer.close()
        }
    }

    @Test func `an archive that was not closed is not taken for complete`() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/a.part"
            do {
                let writer = try ZipWriter(path: path)
                try writer.add(name: "x", bytes: [1, 2, 3])
                try writer.begin(name: "y")
            }
            #expect(throws: ZipError.self) { try ZipReader(path: path) }
        }
    }
}

/// An archive with ZIP64 everywhere: sizes, packed sizes and offsets of entries, the end of the directory.
private struct Zip64 {
    struct Entry {
        var name: String
        /// As stored in the file; what is stated of them may be anything else.
        var bytes: [UInt8]
        var method: UInt64 = 0
        var size: UInt64
        var packed: UInt64
        var crc: UInt32 = 0
        /// nil: where it is.
        var offset: UInt64?
        /// Without, the sizes that do not fit are nowhere.
        var hasExtra = true

        init(_ name: String, _ bytes: [UInt8], size: UInt64? = nil, packed: UInt64? = nil) {
            (self.name, self.bytes) = (name, bytes)
            (self.size, self.packed) = (size ?? UInt64(bytes.count), packed ?? UInt64(bytes.count))
        }
    }
    var entries: [Entry]
    /// In the file before the archive; offsets do not count them.
    var before: [UInt8] = []
    /// Of the directory; nil: what is so.
    var stated: (count: UInt64?, size: UInt64?, offset: UInt64?) = (nil, nil, nil)

    private static func bytes(_ fields: (UInt64, Int)...) -> [UInt8] { fields.flatMap { value, count in (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) } } }

    var file: [UInt8] {
        let full: UInt64 = 0xffff_ffff
        var (archive, directory): ([UInt8], [UInt8]) = ([], [])
        for entry in entries {
            let at = UInt64(archive.count), name = Array(entry.name.utf8), crc = UInt64(entry.crc)
            archive += Self.bytes((0x0403_4b50, 4), (45, 2), (0, 2), (entry.method, 2), (0, 4), (crc, 4), (full, 4), (full, 4), (UInt64(name.count), 2), (0, 2))
            archive += name + entry.bytes
            let extra = entry.hasExtra ? Self.bytes((0x7777, 2), (3, 2), (1, 3), (1, 2), (24, 2), (entry.size, 8), (entry.packed, 8), (entry.offset ?? at, 8)) : []
            directory += Self.bytes((0x0201_4b50, 4), (45, 2), (45, 2), (0, 2), (entry.method, 2), (0, 4), (crc, 4), (full, 4), (full, 4), (UInt64(name.count), 2))
            directory += Self.bytes((UInt64(extra.count), 2), (0, 2), (0, 2), (0, 2), (0, 4), (full, 4)) + name + extra
        }
        let start = UInt64(archive.count), end = start + UInt64(directory.count), count = stated.count ?? UInt64(entries.count)
        archive += directory + Self.bytes((0x0606_4b50, 4), (44, 8), (45, 2), (45, 2), (0, 4), (0, 4), (count, 8), (count, 8))
        archive += Self.bytes((stated.size ?? UInt64(directory.count), 8), (stated.offset ?? start, 8), (0x0706_4b50, 4), (0, 4), (end, 8), (1, 4))
        return before + archive + Self.bytes((0x0605_4b50, 4), (0, 4), (0xffff, 2), (0xffff, 2), (full, 4), (full, 4), (0, 2))
    }

    func write(_ path: String) throws { try Data(file).write(to: URL(filePath: path)) }
}

/// What `ZipWriter` makes of bytes by Deflate, and their checksum.
private func deflated(_ bytes: [UInt8], in folder: String) throws -> (packed: [UInt8], crc: UInt32) {
    let path = folder + "/one.zip"
    let writer = try ZipWriter(path: path)
    try writer.add(name: "x", bytes: bytes)
    try writer.close()
    let whole = try #require(SharedData.bytes(path))
    var limits = ZipReader.Limits()
    limits.ratio = .max
    let size = try ZipReader(path: path, limits: limits).entries[0].compressedSize
    let crc = (0..<4).reduce(UInt32(0)) { $0 | UInt32(whole[whole.count - 22 - 47 + 16 + $1]) << UInt32(8 * $1) }
    let start = 30 + Int(whole[26]) + Int(whole[28]) + Int(whole[27]) << 8 + Int(whole[29]) << 8
    return (Array(whole[start..<start + size]), crc)
}

struct ZipReaderTests {
    @Test(arguments: [0, 777])
    func `sizes and offsets of ZIP64 are read, also behind other bytes`(before: Int) throws {
        try inTemporaryFolder { folder in
            let text = Array(repeating: UInt8(65), count: 300_000)
            let (packed, crc) = try deflated(text, in: folder)
            var large = Zip64.Entry("large", packed, size: 300_000)
            (large.method, large.crc) = (8, crc)
            let zip = Zip64(entries: [Zip64.Entry("empty", []), large, Zip64.Entry("folder/", [])], before: Array(repeating: 7, count: before))
            try zip.write(folder + "/a.zip")
            let reader = try ZipReader(path: folder + "/a.zip")
            #expect(reader.entries.map(\.name) == ["empty", "large", "folder/"] && reader.entries.map(\.size) == [0, 300_000, 0])
            #expect(reader.entries.map(\.compressedSize) == [0, packed.count, 0])
            #expect(try reader.read(reader.entries[1]) == text)
            #expect(try reader.read(reader.entries[0]) == [])
        }
    }

    @Test func `a bomb is refused before it is unpacked, though its sizes are those of ZIP64`() throws {
        try inTemporaryFolder { folder in
            func refusal(_ entries: [Zip64.Entry], _ limits: ZipReader.Limits = .init()) throws -> String {
                try Zip64(entries: entries).write(folder + "/a.zip")
                do throws(ZipError) { _ = try ZipReader(path: folder + "/a.zip", limits: limits) } catch { return error.description }
                return "taken"
            }
            func bomb(_ size: UInt64, packed: Int = 100_000) -> Zip64.Entry {
                var entry = Zip64.Entry("a.png", Array(repeating: 0, count: packed), size: size)
                entry.method = 8
                return entry
            }
            func named(_ entry: Zip64.Entry, _ name: String) -> Zip64.Entry {
                var other = entry
                other.name = name
                return other
            }
            for (size, reason): (UInt64, String) in [
                (3000 << 20, "as a zip bomb does"), (0xffff_ffff, "as a zip bomb does"),
                (5 << 30, "would unpack beyond 4096 MiB"), (.max, "would unpack beyond"), (19_000_000, "taken"),
            ] {
                let said = try refusal([bomb(size)])
                #expect(said.contains(reason), "\(size): \(said)")
            }
            var limits = ZipReader.Limits()
            limits.totalBytes = 1 << 20
            let many = try refusal([bomb(900_000), named(bomb(900_000), "b.png")], limits)
            #expect(many.contains("or all entries beyond 1 MiB"), "\(many)")
            // A packed size that makes the ratio small must lie in the archive, and be the entry's own.
            var lie = bomb(3000 << 20)
            lie.packed = 3000 << 20
            let beyond = try refusal([lie])
            #expect(beyond.contains("is damaged or cut off"), "\(beyond)")
            (lie.size, lie.packed) = (19_000_000, 100_000)
            var again = named(lie, "b.png")
            again.offset = 0
            let shared = try refusal([lie, again])
            #expect(shared.contains("“b.png” is damaged"), "\(shared)")
            lie.hasExtra = false
            let nowhere = try refusal([lie])
            #expect(nowhere.contains("is damaged or cut off"), "\(nowhere)")
        }
    }

    @Test func `no more is unpacked than the directory says, whatever was packed`() throws {
        try inTemporaryFolder { folder in
            let (packed, crc) = try deflated(Array(repeating: 0, count: 20 << 20), in: folder)
            for size: UInt64 in [0, 1000, 600_000, 21 << 20] {
                var entry = Zip64.Entry("x", packed, size: size)
                (entry.method, entry.crc) = (8, crc)
                try Zip64(entries: [entry]).write(folder + "/a.zip")
                var limits = ZipReader.Limits()
                limits.ratio = 2000
                let reader = try ZipReader(path: folder + "/a.zip", limits: limits)
                var count = 0
                do throws(ZipError) {
                    try reader.read(reader.entries[0]) { (part: UnsafeRawBufferPointer) throws(ZipError) in count += part.count }
                    Issue.record("\(size) bytes were taken for sound")
                } catch { #expect(error == .damaged(file: folder + "/a.zip", entry: "x")) }
                #expect(count <= size)
            }
            // Bytes that lie behind the end of what was packed belong to nothing.
            var entry = Zip64.Entry("x", packed + [0], size: 20 << 20)
            (entry.method, entry.crc) = (8, crc)
            try Zip64(entries: [entry]).write(folder + "/a.zip")
            var limits = ZipReader.Limits()
            limits.ratio = 2000
            let reader = try ZipReader(path: folder + "/a.zip", limits: limits)
            #expect(throws: ZipError.damaged(file: folder + "/a.zip", entry: "x")) { try reader.read(reader.entries[0]) { _ in } }
        }
    }

    @Test func `ZIP64 numbers of any size are refused without a trap`() throws {
        try inTemporaryFolder { folder in
            for number: UInt64 in [1, 0xffff_fffe, 0xffff_ffff, 1 << 32, 1 << 62, 1 << 63, .max - 1, .max] {
                var zips = (0..<6).map { _ in Zip64(entries: [Zip64.Entry("x", [1, 2, 3])]) }
                zips[0].entries[0].size = number
                zips[1].entries[0].packed = number
                zips[2].entries[0].offset = number
                zips[3].stated.count = number
                zips[4].stated.size = number
                zips[5].stated.offset = number
                for (index, zip) in zips.enumerated() {
                    try zip.write(folder + "/a.zip")
                    // One entry is what there is, and one is a size and an offset that could be.
                    guard let reader = try? ZipReader(path: folder + "/a.zip") else { continue }
                    #expect(number == 1 || index == 0, "\(number) \(index)")
                    for entry in reader.entries where index < 3 { #expect(throws: ZipError.self) { try reader.read(entry) } }
                }
            }
        }
    }

    private static let make = """
        import zipfile, sys, os
        folder = sys.argv[1]
        def one(file, name, data=b"x", **more):
            with zipfile.ZipFile(folder + "/" + file, "w", zipfile.ZIP_DEFLATED) as z:
                i = zipfile.ZipInfo(name); i.compress_type = more.get("method", zipfile.ZIP_DEFLATED)
                i.external_attr = more.get("mode", 0o100644) << 16
                z.writestr(i, data)
        one("dots.zip", "../../x"); one("abs.zip", "/abs"); one("mid.zip", "a/../../b"); one("drive.zip", "C:\\\\x")
        one("back.zip", "..\\\\x"); one("link.zip", "link", b"/etc/passwd", mode=0o120777)
        one("bomb.zip", "zeros", b"\\0" * (300 << 20)); one("lzma.zip", "x", b"abc" * 1000, method=zipfile.ZIP_LZMA)
        with zipfile.ZipFile(folder + "/twice.zip", "w") as z:
            import warnings; warnings.simplefilter("ignore")
            z.writestr("same", "1"); z.writestr("same", "2")
        one("crc.zip", "x", bytes(range(256)) * 8, method=zipfile.ZIP_STORED)
        b = bytearray(open(folder + "/crc.zip", "rb").read()); b[200] ^= 1; open(folder + "/crc.zip", "wb").write(b)
        one("lie.zip", "x", b"a" * 500000)
        b = bytearray(open(folder + "/lie.zip", "rb").read()); p = b.rfind(b"PK\\1\\2"); b[p+24:p+28] = (1000).to_bytes(4, "little"); open(folder + "/lie.zip", "wb").write(b)
        open(folder + "/text.zip", "w").write("hello"); open(folder + "/zero.zip", "w")
        """

    @Test func `hostile archives are refused with a reason`() throws {
        try inTemporaryFolder { folder in
            guard try python(Self.make, folder) == "" else {
                print("SKIPPED: hostile archives, python3 is not there")
                return
            }
            for file in ["dots", "abs", "mid", "drive", "back", "link", "bomb", "lzma", "twice", "text", "zero"] {
                #expect(throws: ZipError.self, "\(file)") { try ZipReader(path: folder + "/\(file).zip") }
            }
            for file in ["crc", "lie"] {
                let reader = try ZipReader(path: folder + "/\(file).zip")
                #expect(throws: ZipError.damaged(file: folder + "/\(file).zip", entry: "x"), "\(file)") { try reader.read(reader.entries[0]) }
            }
        }
    }

    @Test func `limits on entries and bytes hold`() throws {
        try inTemporaryFolder { folder in
            let writer = try ZipWriter(path: folder + "/a.zip")
            for index in 0..<10 { try writer.add(name: "\(index)", bytes: Array(repeating: 1, count: 1000)) }
            try writer.close()
            var limits = ZipReader.Limits()
            limits.entries = 9
            #expect(throws: ZipError.self) { try ZipReader(path: folder + "/a.zip", limits: limits) }
            limits = ZipReader.Limits()
            limits.totalBytes = 9999
            #expect(throws: ZipError.self) { try ZipReader(path: folder + "/a.zip", limits: limits) }
            limits.totalBytes = 10_000
            #expect(try ZipReader(path: folder + "/a.zip", limits: limits).entries.count == 10)
        }
    }

    @Test func `an archive cut or changed anywhere never traps`() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/a.zip"
            let writer = try ZipWriter(path: path)
            try writer.add(name: "text", bytes: Array(repeating: 65, count: 400))
            try writer.add(name: "b/stored", bytes: Array(0...255), compress: false)
            try writer.close()
            let whole = try #require(SharedData.bytes(path))
            var random: UInt64 = 7
            for round in 0..<2500 {
                var bytes = whole
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                if round < whole.count {
                    bytes = Array(whole.prefix(round))
                } else {
                    bytes[Int(random >> 33) % bytes.count] = UInt8(random >> 20 & 255)
                    bytes[Int(random >> 40) % bytes.count] = UInt8(random >> 28 & 255)
                }
                try Data(bytes).write(to: URL(filePath: path))
                guard let reader = try? ZipReader(path: path) else { continue }
                for entry in reader.entries { _ = try? reader.read(entry) }
            }
        }
    }
}
