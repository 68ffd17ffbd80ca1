import Codecs
import Foundation
import Operations
import Pipeline
import Raster
import Store

/// Finds objects by a program of the user's, for instance a deep model.
package struct ModelNode: PreparedNode {
    package static let kind = "segment.model"
    package static let title = "Model"
    package static let help = """
        Objects by a program of your own, such as a deep model. It gets a folder with request.json and images as PNG, and writes output/ID.labels.png (a \
        number per pixel, 0 = background) or output/ID.mask.png for each image, and if it likes output/ID.scores.json. Only programs that ship was started \
        with (--model NAME=PATH) can be used.
        """
    package static let arity = Arity.manyFromOne
    static let image = Slot<AnyImage>("image", help: "What the model gets, colour or gray, 8 or 16 bits.")
    static let area = Slot<Mask>("area", help: "Objects whose middle lies outside are dropped. Not connected: none.", isOptional: true)
    package static let regions = Slot<RegionSet>("regions", help: "The objects; filter them by their measures if need be.")
    package static let measurements = Slot<MeasurementTable>("measurements", help: "How sure the model is of each object, where it says so.")
    package static let inputs = [image.schema, area.schema]
    package static let outputs = [regions.schema, measurements.schema]
    package static let parameters: [Parameter<Self>] = [
        .text(\.model, "model", label: "Model", maxLength: 60, help: "Name under which ship was started with it: --model NAME=PATH."),
        .text(\.options, "options", label: "Options", maxLength: 10_000, help: "Handed to the program in request.json as it is."),
        .integer(\.batch, "batch", label: "Images a start", range: 1...1000, help: "The program is started once for so many images, so that a model is loaded once for all of them."),
        .integer(\.seconds, "timeLimitSeconds", label: "Time limit", unit: "s", range: 1...604_800, help: "Of one start; a program that takes longer is ended."),
        .integer(\.memory, "memoryLimitMB", label: "Memory limit", unit: "MB", range: 0...4_000_000, help: "Private memory of the program. 0: no limit."),
        .integer(\.padding, "padding", label: "Padding", unit: "px", range: 0...1000, help: "Margin around an object in its vignette. Measurements do not depend on it."),
    ]
    package var model = ""
    package var options = ""
    package var batch = 16
    package var seconds = 600
    package var memory = 8192
    package var padding = RegionSet.usualPadding
    package init() {}

    /// Of `measurements`.
    package static let columns = [
        MeasurementColumn(name: "model_score", unit: "", title: "Score of the model", definition: "how sure the model that found the object is of it", source: "the model")
    ]
    /// Reject rule.
    package static let outsideArea = "outsideArea"

    /// Where the answers lie that were made of all images before single ones are worked on.
    package struct Answers: Sendable {
        let files: PreparedFiles
        /// Files by the images' uid.
        let names: [String: [String]]
    }

    // One group, so that a start serves images of several acquisitions.
    package func group(of frame: FrameGroup.Frame) -> String { "" }

    package func identity(of frame: FrameGroup.Frame) -> String { ModelPrograms.digest(of: model) }

    package func requireReady() throws { _ = try ModelPrograms.path(of: model) }

    package func prepare(_ group: FrameGroup) async throws {
        let program = try ModelPrograms.path(of: model)
        var todo: [FrameGroup.Frame] = []
        for frame in group.frames where try !group.takeEarlier(named: stem(frame, group), endings: Self.endings) { todo.append(frame) }
        var isFirst = true
        for start in stride(from: 0, to: todo.count, by: batch) {
            try group.progress(group.frames.count - todo.count + start, of: group.frames.count)
            let frames = Array(todo[start..<min(todo.count, start + batch)])
            let failure = try run(program, on: frames, of: group)
            // One that does nothing at all with the first images will not do better with the others. Later, and of single images, each image says itself.
            if let failure, isFirst { throw failure }
            isFirst = false
        }
    }

    package func load(_ files: PreparedFiles) throws -> Answers {
        var names: [String: [String]] = [:]
        for entry in try files.files.list(files.folder) where entry.name != PreparedFiles.mark {
            names[String(entry.name.prefix { $0 != "-" }), default: []].append(entry.name)
        }
        return Answers(files: files, names: names)
    }

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let image = values[Self.image]
        guard context.source.part == nil else {
            throw ModelAnswerError("a model works on whole images, and of large ones a preview shows a part only; run the pipeline to see what it finds")
        }
        var answer: ModelFolder.Answer?
        // Without a run yet, as in a preview, and where the run of all images gave nothing for this one, the program is started for it alone.
        do { answer = try Self.read(context.prepared(Answers.self), uid: context.source.uid) } catch is NotPrepared {}
        let found = try ModelFolder.objects(try answer ?? alone(image, context), width: image.width, height: image.height)
        try context.checkCancelled()
        // In raster order of their first pixels, as all objects; of several that share it, none is another's.
        let sorted = found.filter { !$0.mask.isEmpty }.sorted { $0.mask.runs[0] < $1.mask.runs[0] }
        let area = values.optional(Self.area)?.ifRestricting
        var set = RegionSet(frame: image.bounds, padding: padding)
        set.segments = sorted.map { object in
            let isInside = area.map { $0.contains(x: Int(Self.middle(object.mask).x.rounded()), y: Int(Self.middle(object.mask).y.rounded())) } ?? true
            return Segment(mask: object.mask, touches: BorderSides(of: object.mask.bounds, in: image.bounds), rejectedBy: isInside ? nil : Self.outsideArea)
        }
        values[Self.regions] = set
        var table = MeasurementTable(columns: Self.columns, rows: set.objectIndices.map { [sorted[$0].score] })
        table.segments = set.objectIndices
        values[Self.measurements] = table
    }

    // MARK: -

    private static let endings = ModelFolder.suffixes + ["scores.json"]

    /// Begins the names of a frame's files: another image, another state of it or of the program, another name.
    private func stem(_ frame: FrameGroup.Frame, _ group: FrameGroup) -> String {
        let state = group.inputState(of: Self.image, frame) + identity(of: frame)
        return "\(frame.image.uid)-\(FileDigest.sha256(Array(state.utf8)).prefix(16))"
    }

    /// Starts the program on some images and keeps what it gives for each.
    /// - Returns: what went wrong, when there is nothing at all.
    private func run(_ program: String, on frames: [FrameGroup.Frame], of group: FrameGroup) throws -> ModelAnswerError? {
        let folder = try ModelFolder()
        defer { folder.remove() }
        var request = ModelFolder.Request(options: options, images: [])
        var asked: [(frame: FrameGroup.Frame, picture: ModelFolder.Request.Picture)] = []
        for (number, frame) in frames.enumerated() {
            var value: AnyImage?
            // An image that cannot be read fails alone, and says so when its turn comes.
            do { value = try group.value(Self.image, of: frame) } catch let stop as RunCancelled { throw stop } catch {}
            guard let image = value else { continue }
            let picture = try add(image, number: number, name: frame.image.name, pixelSize: frame.image.pixelSize, to: folder)
            asked.append((frame, picture))
            request.images.append(picture)
        }
        guard !asked.isEmpty else { return nil }
        try folder.write(request)
        let (end, printed) = folder.run(program: program, memory: UInt64(memory) << 20, seconds: Double(seconds), isCancelled: group.isCancelled)
        try group.checkCancelled()
        // What a program wrote before it failed may be half of what it wanted to say.
        if let fault = Self.fault(end, seconds: seconds, memory: memory, printed: printed) { return fault }
        var answers = 0
        var reason: ModelAnswerError?
        for (frame, picture) in asked {
            do {
                guard let answer = try folder.answer(id: picture.id, width: picture.width, height: picture.height) else { continue }
                let stem = stem(frame, group)
                if let scores = answer.scores { try group.write("\(stem).scores.json") { try Data(scores).write(to: URL(filePath: $0)) } }
                try group.write("\(stem).\(answer.suffix)") { try Data(answer.bytes).write(to: URL(filePath: $0)) }
                answers += 1
            } catch let error as ModelAnswerError {
                // Said of this image: the program is at work all the same.
                answers += 1
                reason = error
            }
        }
        return answers > 0 ? nil : reason ?? Self.nothing(printed)
    }

    /// The program's answer to one image.
    private func alone(_ image: AnyImage, _ context: NodeContext) throws -> ModelFolder.Answer {
        let program = try ModelPrograms.path(of: model)
        let folder = try ModelFolder()
        defer { folder.remove() }
        let picture = try add(image, number: 0, name: context.source.name, pixelSize: context.source.pixelSizeMicrometres, to: folder)
        try folder.write(ModelFolder.Request(options: options, images: [picture]))
        let (end, printed) = folder.run(program: program, memory: UInt64(memory) << 20, seconds: Double(seconds), isCancelled: { context.isStopped })
        try context.checkCancelled()
        if let fault = Self.fault(end, seconds: seconds, memory: memory, printed: printed) { throw fault }
        guard let answer = try folder.answer(id: picture.id, width: image.width, height: image.height) else { throw Self.nothing(printed) }
        return answer
    }

    private func add(_ image: AnyImage, number: Int, name: String, pixelSize: Double?, to folder: ModelFolder) throws -> ModelFolder.Request.Picture {
        let digits = String(number + 1)
        let id = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return ModelFolder.Request.Picture(
            id: id, file: try folder.add(image, id: id), name: name, width: image.width, height: image.height, bits: image.bitsPerSample, channels: image.channels,
            pixelSizeUm: pixelSize)
    }

    private static func read(_ answers: Answers, uid: String) throws -> ModelFolder.Answer? {
        let names = answers.names[uid] ?? []
        guard let name = names.first(where: { !$0.hasSuffix("scores.json") }), let dot = name.firstIndex(of: ".") else { return nil }
        let scores = try names.first { $0.hasSuffix("scores.json") }.map { try answers.files.read($0) }
        return ModelFolder.Answer(suffix: String(name[name.index(after: dot)...]), bytes: try answers.files.read(name), scores: scores)
    }

    private static func fault(_ end: LimitedProcess.End, seconds: Int, memory: Int, printed: String) -> ModelAnswerError? {
        let last = printed.isEmpty ? "It printed nothing." : "It printed: …\(printed.suffix(1000))"
        switch end {
        case .exited(0): return nil
        case .exited(let code): return ModelAnswerError("the model's program ended with code \(code). \(last)")
        case .signalled(let number):
            let hint = memory > 0 ? ", perhaps because it may take \(memory) MB only" : ""
            return ModelAnswerError("the model's program was ended by signal \(number)\(hint). \(last)")
        case .outOfTime: return ModelAnswerError("the model's program did not end within \(seconds) s; allow more time, or fewer images a start. \(last)")
        case .cancelled: return ModelAnswerError("the model's program was ended because the run was cancelled")
        case .refused(let code): return ModelAnswerError("the model's program could not be started: \(String(cString: strerror(code)))")
        }
    }

    private static func nothing(_ printed: String) -> ModelAnswerError {
        ModelAnswerError(
            "the model's program wrote neither output/ID.labels.png nor output/ID.mask.png. " + (printed.isEmpty ? "It printed nothing." : "It printed: …\(printed.suffix(1000))"))
    }

    /// Mean of the pixel centres.
    private static func middle(_ mask: Mask) -> Point {
        var (x, y, count) = (0, 0, 0)
        for run in mask.runs {
            x += (Int(run.first) + Int(run.last)) * run.count / 2
            y += Int(run.y) * run.count
            count += run.count
        }
        return Point(x: Double(x) / Double(max(1, count)), y: Double(y) / Double(max(1, count)))
    }
}
