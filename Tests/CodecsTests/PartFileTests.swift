import Codecs
import Foundation
import Testing

struct PartFileTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ship-part-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func put(_ text: String, _ part: PartFile) { _ = Array(text.utf8).withUnsafeBytes { write(part.descriptor, $0.baseAddress, $0.count) } }

    @Test func `a file appears when it is committed, and nothing is left of one that is not`() throws {
        try inFolder { folder in
            let path = folder + "/a.png"
            do {
                let part = try PartFile(path: path)
                put("half", part)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.png.part"])
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
            for text in ["first", "second"] {
                let part = try PartFile(path: path)
                put(text, part)
                try part.commit()
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.png"])
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
        }
    }

    @Test func `the file that is read, folders and devices are refused`() throws {
        try inFolder { folder in
            let path = folder + "/a.png"
            try "pixels".write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: folder + "/link.png", withDestinationPath: path)
            try FileManager.default.linkItem(atPath: path, toPath: folder + "/b.png.part")
            for (target, source) in [(path, path), (folder + "/link.png", path), (path, folder + "/link.png"), (folder + "/b.png", path)] {
                #expect(throws: CodecError.unwritable(file: String(target.split(separator: "/").last ?? ""), reason: "it is the file that is read; choose another name")) {
                    try PartFile(path: target, sources: [source])
                }
            }
            #expect(throws: CodecError.self) { try PartFile(path: folder) }
            #expect(throws: CodecError.self) { try PartFile(path: "/dev/null") }
            #expect(throws: CodecError.self) { try PartFile(path: folder + "/none/a.png") }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "pixels")
        }
    }

    @Test func `a second writer of the same file is refused, and the first one's result is whole`() throws {
        try inFolder { folder in
            let path = folder + "/a.png"
            let first = try PartFile(path: path)
            put("first", first)
            #expect(throws: CodecError.unwritable(file: "a.png", reason: "another program is writing it; wait until that has ended")) { try PartFile(path: path) }
            try Array(" and last".utf8).withUnsafeBytes { try first.write($0) }
            try first.commit()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "first and last")
            let second = try PartFile(path: path)
            put("second", second)
            try second.commit()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
        }
    }

    @Test func `another name of a person's file is not written through`() throws {
        try inFolder { folder in
            try "precious".write(toFile: folder + "/other", atomically: false, encoding: .utf8)
            try FileManager.default.linkItem(atPath: folder + "/other", toPath: folder + "/a.png.part")
            let part = try PartFile(path: folder + "/a.png")
            put("new", part)
            try part.commit()
            #expect(try String(contentsOfFile: folder + "/other", encoding: .utf8) == "precious")
        }
    }

    @Test func `what a killed run left behind is replaced, not followed`() throws {
        try inFolder { folder in
            try "precious".write(toFile: folder + "/other", atomically: false, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: folder + "/a.png.part", withDestinationPath: folder + "/other")
            let part = try PartFile(path: folder + "/a.png")
            put("new", part)
            try part.commit()
            #expect(try String(contentsOfFile: folder + "/other", encoding: .utf8) == "precious")
            #expect(try String(contentsOfFile: folder + "/a.png", encoding: .utf8) == "new")
        }
    }
}
