import Codecs
import Foundation
import Operations
import Raster
import Store

/// The folder through which `ship` and a model's program speak: `request.json` and `images/` go in, `output/` comes out.
///
/// The program is started as `PROGRAM FOLDER`, works in that folder, and ends with 0. Of an image `ID` in `request.json` it writes one of
/// - `output/ID.labels.png` (or `.tif`): a number per pixel, 0 = background, each other number one object;
/// - `output/ID.mask.png` (or `.tif`): everything but 0 is object, touching pixels are one;
/// - `output/ID.error.txt`: why there is nothing for this image;
/// and may add `output/ID.scores.json`: how sure it is of each object, `{"1": 0.93, "2": 0.5}`.
package struct ModelFolder: Sendable {
    struct Request: Encodable {
        struct Picture: Encodable {
            var id: String
            /// Below the folder, PNG of 8 or 16 bits, gray or RGB.
            var file: String
            /// As people know it.
            var name: String
            var width: Int
            var height: Int
            var bits: Int
            var channels: Int
            /// Micrometres; left out without calibration.
            var pixelSizeUm: Double?
        }
        var version = 1
        var output = "output"
        /// As the pipeline has it, for the program to read as it likes.
        var options: String
        var images: [Picture]
    }

    /// What a program wrote about one image: bytes of a checked file, by the kind of file.
    struct Answer: Sendable, Equatable {
        var suffix: String
        var bytes: [UInt8]
        var scores: [UInt8]?
    }

    static let suffixes = ["labels.png", "labels.tif", "labels.tiff", "mask.png", "mask.tif", "mask.tiff"]
    /// Of label pictures; one of 400 megapixels with 32 bits has 1.6 GB before it is packed.
    private static let mostBytes = 2 << 30
    private static let mostScores = 64 << 20

    package let path: String
    /// Held as long as this is in use: a folder that nobody holds was left by a `ship` that was killed.
    private let hold: FolderHold

    /// A new one for temporary files. What a `ship` that was killed left goes: its folders, with people's images in them, and the programs it had started.
    package init() throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
        Self.sweep(base)
        let made = "\(base)/ship-model-\(UUID().uuidString.lowercased())"
        // Under another name until it is held, so that nobody takes it for one that was left.
        let early = made + ".new"
        do {
            for folder in [early, early + "/images", early + "/output", early + "/tmp"] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            }
            guard let held = FolderHold(early) else { throw ModelAnswerError("\(early) cannot be locked; set TMPDIR to a folder on a disk of this computer") }
            hold = held
            guard rename(early, made) == 0 else { throw ModelAnswerError("\(made) cannot be made: \(String(cString: strerror(errno)))") }
        } catch {
            try? FileManager.default.removeItem(atPath: early)
            throw error
        }
        path = made
    }

    package func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Ends programs of a `ship` that is no more, and removes its folders below `base`.
    package static func sweep(_ base: String) {
        ProcessMark.endAbandoned()
        for name in (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? [] where name.wholeMatch(of: /ship-model-[0-9a-f-]{36}/) != nil {
            // Held until it is gone, so that only one removes it.
            guard let held = FolderHold("\(base)/\(name)") else { continue }
            try? FileManager.default.removeItem(atPath: "\(base)/\(name)")
            withExtendedLifetime(held) {}
        }
    }

    func add(_ image: AnyImage, id: String) throws -> String {
        let file = "images/\(id).png"
        try Data(try PNGWriter.encode(image)).write(to: URL(filePath: "\(path)/\(file)"))
        return file
    }

    func write(_ request: Request) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(request).write(to: URL(filePath: path + "/request.json"))
    }

    /// Runs the program on what lies in the folder.
    func run(program: String, memory: UInt64, seconds: Double, isCancelled: () -> Bool) -> (end: LimitedProcess.End, printed: String) {
        let inherited = ProcessInfo.processInfo.environment
        var environment = ["PATH": inherited["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": path, "TMPDIR": path + "/tmp"]
        // Which of the computer's accelerators may be used is for who started `ship` to say.
        for name in ["CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "OMP_NUM_THREADS"] { environment[name] = inherited[name] }
        let process = LimitedProcess(program: program, arguments: [path], folder: path, environment: environment, memory: memory, seconds: seconds)
        return process.run(isCancelled: isCancelled)
    }

    /// What the program wrote about an image of this size; nil when it wrote nothing.
    /// - Throws: `ModelAnswerError` when what it wrote will not do.
    func answer(id: String, width: Int, height: Int) throws -> Answer? {
        if let text = try read("\(id).error.txt", most: 1 << 20) {
            throw ModelAnswerError("the model says: \(String(decoding: text.prefix(500), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))")
        }
        for suffix in Self.suffixes {
            guard let bytes = try read("\(id).\(suffix)", most: Self.mostBytes) else { continue }
            let answer = Answer(suffix: suffix, bytes: bytes, scores: try read("\(id).scores.json", most: Self.mostScores))
            _ = try Self.objects(answer, width: width, height: height)
            return answer
        }
        return nil
    }

    /// The objects that an answer holds, and how sure the program is of each.
    static func objects(_ answer: Answer, width: Int, height: Int) throws -> [(mask: Mask, score: Double?)] {
        let labels: LabelFile
        do throws(CodecError) { labels = try LabelFile.read(bytes: answer.bytes, name: answer.suffix) } catch {
            throw ModelAnswerError("what the model wrote cannot be read: \(error)")
        }
        guard labels.width == width, labels.height == height else {
            throw ModelAnswerError("the model wrote a picture of \(labels.width) × \(labels.height) pixels for an image of \(width) × \(height)")
        }
        var scores: [String: Double] = [:]
        if let bytes = answer.scores {
            guard let read = try? JSONDecoder().decode([String: Double].self, from: Data(bytes)) else {
                throw ModelAnswerError("the model's scores are not of the form {\"1\": 0.93, \"2\": 0.5}")
            }
            scores = read
        }
        if answer.suffix.hasPrefix("mask") {
            let all = Mask.union(of: labels.labels.map(\.mask))
            return Mask(bounds: Rect(x: 0, y: 0, width: width, height: height), sortedRuns: all.runs).components(connectivity: .eight).map { ($0.tight, nil) }
        }
        return labels.labels.map { ($0.mask.tight, scores["\($0.value)"]) }
    }

    /// A file of the output, never through a link; nil when it is not there.
    private func read(_ name: String, most: Int) throws -> [UInt8]? {
        let file = open("\(path)/output/\(name)", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw ModelAnswerError("output/\(name) cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_size <= most else {
            throw ModelAnswerError("output/\(name) is no plain file of at most \(most >> 20) MB")
        }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: false)
        return [UInt8](try handle.readToEnd() ?? Data())
    }
}

/// A model's program did not do what it should; says what.
package struct ModelAnswerError: Error, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ sentence: String) { description = sentence }
}
