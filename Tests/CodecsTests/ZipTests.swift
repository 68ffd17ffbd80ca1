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

struct ZipReaderTests {
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
