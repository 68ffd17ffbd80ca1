import ArgumentParser
import Codecs
import Foundation
import Nodes
import Operations
import Pipeline
import Raster

extension StitchArrangement: ExpressibleByArgument {}
extension MosaicWeights.Blend: ExpressibleByArgument {}

struct StitchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stitch", abstract: "Put overlapping frames together to one mosaic.",
        discussion: """
            FRAMES is a folder, whose images are taken in the order of their names. OUT is a TIFF (BigTIFF above 3.5 GB), PNG or JPEG; it is
            written strip by strip, so it may be larger than memory. Beside it lies OUT.tsv: one row a frame with its position in
            pixels, how it was found, the factor of its brightness, and why it was left out, if so. Correct positions there by hand and give
            the table back with --positions: then nothing is searched for.

            By itself, row and column are looked for in the file names (_r02_c11, x3_y4, _02_11); where the overlaps do not bear them out, or there
            are none, the order of the names is tried as rows or columns, also to and fro, and in the end every frame is compared with every other. What
            was taken is said. --stage takes a table of stage positions in pixels as the starting point instead.
            """)

    @Argument(help: "Folder of frames.", completion: .directory)
    var frames: String

    @Argument(help: "File to write; replaced when it exists.", completion: .file(extensions: ["tif", "png", "jpg"]))
    var output: String

    @Option(help: "automatic, names, rows, snake or unordered.")
    var arrangement = StitchArrangement.automatic

    @Option(help: "Of names: pattern with the fields row and column, such as {name}_r{row:d}_c{column:d}.")
    var pattern: String?

    @Option(help: "Of rows and snake: frames in a row.")
    var columns: Int?

    @Flag(help: "Of rows and snake: the first row runs from right to left.")
    var startsRight = false

    @Option(help: "Table of stage positions in pixels: columns file, x_px, y_px; tabs, commas or semicolons between.", completion: .file())
    var stage: String?

    @Option(help: "Table of positions to use as they are, such as OUT.tsv corrected by hand.", completion: .file())
    var positions: String?

    @Option(help: "What neighbours have in common, in % of their side; looked for when left out.")
    var overlap: Double?

    @Option(help: "How far a frame may lie from its place in the grid or by the stage, in % of its side.")
    var tolerance = 8.0

    @Option(help: "seam: each place from one frame, changing over where both agree; feather: fade over the whole overlap.")
    var blend = MosaicWeights.Blend.seam

    @Option(help: "Of seam: pixels to each side in which frames fade over.")
    var transition = 12

    @Flag(inversion: .prefixedNo, help: "Divide by the light that all frames have in common; from five frames on.")
    var evenLight = true

    @Flag(inversion: .prefixedNo, help: "Bring the frames to one brightness.")
    var balance = true

    @Flag(help: "Leave out frames whose overlaps show nothing that fits, instead of placing them by grid or stage.")
    var onlyMatched = false

    @Option(help: "Gray level where there is no frame; that of the background when left out.")
    var fill: Int?

    @Option(help: "File for the positions: TSV, or JSON with all pairs, by its ending. (default: OUT.tsv)", completion: .file(extensions: ["tsv", "json"]))
    var table: String?

    @Flag(help: "Write the table of positions only.")
    var tableOnly = false

    @Option(help: "Frames worked on at the same time; the number of processors when left out.")
    var workers: Int?

    func validate() throws {
        guard tableOnly || ImageFormat(ending: output) != nil else {
            throw ValidationError("the name of the file to write must end with .tif, .tiff, .png, .jpg or .jpeg; \(output) does not")
        }
        if arrangement == .rows || arrangement == .snake {
            guard let columns, columns >= 1 else { throw ValidationError("--arrangement \(arrangement.rawValue) needs --columns, the number of frames in a row") }
        }
        guard arrangement != .stage || stage != nil else { throw ValidationError("--arrangement stage needs --stage TABLE") }
        if let overlap, !(0.5...90).contains(overlap) { throw ValidationError("--overlap must be from 0.5 to 90") }
        guard (0.1...45).contains(tolerance) else { throw ValidationError("--tolerance must be from 0.1 to 45") }
        guard (0...500).contains(transition) else { throw ValidationError("--transition must be from 0 to 500") }
        if let workers, !(1...256).contains(workers) { throw ValidationError("--workers must be from 1 to 256") }
    }

    func run() async throws {
        let leftOut = try await reportingFailure { try await stitch() }
        if leftOut { throw ExitCode(2) }
    }

    /// - Returns: whether a frame is in no mosaic.
    private func stitch() async throws -> Bool {
        let files = try imageFiles()
        var headers: [(file: String, frame: StitchInput.Frame, orientation: Int)] = []
        var failed = false
        for file in files {
            do throws(CodecError) {
                let header = try ImageFile.header(path: frames + "/" + file)
                let orientation = EXIF.read(path: frames + "/" + file)?.orientation ?? 1
                let isTurned = orientation >= 5
                headers.append(
                    (
                        file,
                        .init(
                            name: file, width: isTurned ? header.height : header.width, height: isTurned ? header.width : header.height, channels: header.channels,
                            bitsPerSample: header.bitsPerSample), orientation
                    ))
            } catch {
                complain("\(error)")
                failed = true
            }
        }
        guard !headers.isEmpty else { throw Sentence("\(frames) holds no image that can be read; give the folder of the frames") }
        let (folder, output, known) = (frames, output, headers)
        let input = StitchInput(
            frames: known.map(\.frame),
            pixels: { try ImageFile.decode(path: folder + "/" + known[$0].file, orientation: known[$0].orientation) },
            rows: { try ImageFile.uprightRows(path: folder + "/" + known[$0].file, orientation: known[$0].orientation, scratch: output) })
        let work = CommandWork(width: workers ?? ProcessInfo.processInfo.activeProcessorCount)
        let settings = settings
        work.begin("frames and pairs compared")
        let stitched =
            if let positions {
                try await StitchedFrames.given(input, positions: try places(positions, known.map(\.file)), settings: settings, work: work)
            } else if arrangement == .automatic, pattern == nil, stage == nil {
                try await ArrangementFinder(input, named: StitchPlaces.cells(known.map(\.file)), stage: nil, settings: settings, work: work).layout()
            } else {
                try await FrameStitcher(input, prior: try prior(known.map(\.file), side: known.map { max($0.frame.width, $0.frame.height) }.max() ?? 1), settings: settings, work: work).layout()
            }
        let place = table ?? output + ".tsv"
        try write(stitched, to: place)
        for (index, reason) in stitched.reasons.enumerated() { if let reason { complain("\(known[index].file) is left out: \(reason)") } }
        for warning in stitched.warnings { complain("warning: \(warning)") }
        if let arrangement = stitched.arrangement { print(arrangement) }
        let used = stitched.positions.filter { $0 != nil }.count
        guard used > 0 else { throw Sentence("no frame could be placed; say how they were taken with --arrangement or --stage") }
        let bounds = stitched.bounds
        let links = stitched.links.filter { $0.verdict == .used }
        let expected = stitched.states.filter { $0 == .expected }.count
        print(
            "\(used) of \(files.count) frames in a mosaic of \(bounds.width) × \(bounds.height) pixels; \(links.count) of \(stitched.links.count) pairs agree"
                + (links.isEmpty ? "" : String(format: " within %.2f px", links.compactMap(\.residual).max() ?? 0))
                + (expected > 0 ? "; \(expected) frames without a match lie where the arrangement has them" : ""))
        if !tableOnly { try await writeMosaic(stitched, input, settings, work) }
        return failed || used < files.count
    }

    private var settings: StitchSettings {
        var settings = StitchSettings()
        settings.overlap = overlap.map { $0 / 100 }
        settings.tolerance = tolerance / 100
        (settings.blend, settings.transition) = (blend, transition)
        (settings.evensLight, settings.balances, settings.wantsOnlyMeasured) = (evenLight, balance, onlyMatched)
        return settings
    }

    private func writeMosaic(_ stitched: StitchedFrames, _ input: StitchInput, _ settings: StitchSettings, _ work: CommandWork) async throws {
        guard let format = ImageFormat(ending: output) else { return }
        let writer = MosaicWriter(stitched, settings: settings, fill: fill.map(Double.init))
        var metadata = FileMetadata()
        let first = stitched.positions.firstIndex { $0 != nil } ?? 0
        metadata.exif.resolution = FileMetadata.read(path: frames + "/" + input.frames[first].name)?.exif.resolution
        let part = try PartFile(path: output, sources: input.frames.map { frames + "/" + $0.name })
        removeWhenInterrupted(part)
        let file = try ImageFile.writer(format, to: .descriptor(part.descriptor), shape: writer.shape, metadata: metadata)
        work.begin("rows of the mosaic written")
        try await writer.write(to: file, rows: input.rows, work: work)
        try part.commit()
    }

    private func write(_ stitched: StitchedFrames, to path: String) throws {
        let bytes: [UInt8]
        if path.lowercased().hasSuffix(".json") {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            bytes = Array(try encoder.encode(StitchTable.json(stitched))) + Array("\n".utf8)
        } else {
            bytes = StitchTable.tsv(stitched)
        }
        var others: [String] = []
        if let positions, positions != path { others.append(positions) }
        if let stage, stage != path { others.append(stage) }
        let part = try PartFile(path: path, sources: others)
        try bytes.withUnsafeBytes { try part.write($0) }
        try part.commit()
    }

    private func imageFiles() throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: frames, isDirectory: &isFolder), isFolder.boolValue else {
            throw Sentence("\(frames) is not a folder; give the folder that holds the frames")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: frames).filter { !$0.hasPrefix(".") && ImageFormat(ending: $0) != nil }
        // Numbers by their value: frame 10 comes after frame 9.
        return files.sorted { $0.compare($1, options: [.numeric, .caseInsensitive]) == .orderedAscending }
    }

    private func prior(_ names: [String], side: Int) throws -> StitchPrior {
        if let stage {
            let places = try places(stage, names)
            if let index = places.firstIndex(where: { $0 == nil }) { throw Sentence("\(stage) has no position for \(names[index]); add a row for it") }
            return .positions(places, tolerance: tolerance / 100 * Double(side))
        }
        switch arrangement {
        case .unordered, .stage: return .none
        case .rows, .snake:
            return .grid(StitchPlaces.cells(count: names.count, columns: columns ?? 1, toAndFro: arrangement == .snake, startsRight: startsRight))
        case .names, .automatic:
            if let pattern {
                let parsed = try FileNamePattern(pattern)
                guard parsed.fields.contains("row"), parsed.fields.contains("column") else {
                    throw Sentence("--pattern needs the fields row and column, such as {name}_r{row:d}_c{column:d}")
                }
                let cells = StitchPlaces.cells(names, pattern: parsed)
                if let index = cells.firstIndex(where: { $0 == nil }) { throw Sentence("\(names[index]) does not fit the pattern \(pattern); correct the pattern, or move that file") }
                return .grid(cells)
            }
            guard let cells = StitchPlaces.cells(names) else {
                throw Sentence("no rows and columns were found in names such as \(names[0]); give --pattern, or --arrangement rows, snake or unordered")
            }
            return .grid(cells)
        }
    }

    /// Positions of the table in the order of the frames; a frame that it does not name has none.
    private func places(_ path: String, _ names: [String]) throws -> [Displacement?] {
        guard let bytes = FileManager.default.contents(atPath: path) else { throw Sentence("\(path) cannot be read; give a table with the columns file, x_px and y_px") }
        let found = try StitchTable.positions(Array(bytes))
        guard names.contains(where: { found[$0] != nil }) else { throw Sentence("\(path) names none of the frames in \(frames); its column file must hold their names") }
        return names.map { found[$0] ?? nil }
    }
}


/// Parts of a long work on all processors, with a line of progress.
private final class CommandWork: ParallelWork, @unchecked Sendable {  // `line` and `what` change between two works only.
    private let width: Int
    private var line: ProgressLine?
    private var what = ""
    private let start = ContinuousClock.now

    init(width: Int) { self.width = width }

    func begin(_ what: String) { self.what = what }

    func concurrently<Item: Sendable, Result: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results = [Result?](repeating: nil, count: items.count)
            var next = 0
            func add() {
                guard next < items.count else { return }
                let (index, item) = (next, items[next])
                next += 1
                group.addTask { (index, try await body(item)) }
            }
            for _ in 0..<width { add() }
            while let (index, result) = try await group.next() {
                results[index] = result
                add()
            }
            return results.map { result in
                guard let result else { preconditionFailure("an item has no result") }
                return result
            }
        }
    }

    func progress(_ done: Int, of total: Int) throws {
        // Only when there is time to read it.
        guard ContinuousClock.now - start > .seconds(2) else { return }
        let line = self.line ?? ProgressLine()
        self.line = line
        line.show(done: done, total: total, message: what, secondsLeft: nil)
    }
}
