import Codecs
import Foundation
import Operations
import Pipeline
import Raster

/// Puts overlapping frames together to one picture, so that an object in an overlap is found and counted once.
package struct StitchNode: GatheringNode {
    package static let kind = "stitch.frames"
    package static let title = "Stitch frames"
    package static let help =
        "Puts overlapping frames of one acquisition together to a mosaic, on which the following steps work: an object in an overlap counts once. Frames that fit nowhere are listed."
    static let image = Slot<AnyImage>("image", help: "Overlapping frames, all of one kind.")
    static let mosaic = Slot<AnyImage>("mosaic", help: "All frames as one image.")
    package static let inputs = [image.schema]
    package static let outputs = [mosaic.schema]

    package enum StageUnit: String, CaseIterable, Sendable { case px, um, mm }

    package static let parameters: [Parameter<Self>] = [
        .choice(
            \.arrangement, "arrangement", label: "Arrangement",
            titles: [
                .automatic: "Found by itself", .names: "Row and column in file names", .rows: "Row by row", .snake: "Row by row, to and fro", .stage: "Stage positions",
                .unordered: "Not known",
            ], help: "How the frames were taken. By itself: row and column in the names, stage positions, or the order of the names, whichever the overlaps bear out; else every frame is compared with every other."),
        .text(\.pattern, "pattern", label: "Pattern", help: "With the fields row and column, such as {name}_r{row:d}_c{column:d}. Empty: found by itself.")
            .applies(when: "arrangement", "names"),
        .integer(\.columns, "columns", label: "Columns", range: 1...100_000, help: "Frames in a row; rows follow each other in the order of the names.")
            .applies(when: "arrangement", "rows", "snake"),
        .boolean(\.startsRight, "startsRight", label: "First row from the right", help: "Where the first frame lies.")
            .applies(when: "arrangement", "rows", "snake"),
        .text(\.stageX, "stageX", label: "Field of stage x", help: "Metadata field, to the right.").applies(when: "arrangement", "automatic", "stage"),
        .text(\.stageY, "stageY", label: "Field of stage y", help: "Metadata field, downwards.").applies(when: "arrangement", "automatic", "stage"),
        .choice(\.stageUnit, "stageUnit", label: "Unit of the stage", titles: [.um: "µm"], help: "µm and mm need the pixel size of the frames.")
            .applies(when: "arrangement", "automatic", "stage"),
        .boolean(\.flipsX, "flipsX", label: "Stage x runs to the left", help: "When the mosaic comes out mirrored.").applies(when: "arrangement", "automatic", "stage"),
        .boolean(\.flipsY, "flipsY", label: "Stage y runs upwards", help: "When the mosaic comes out mirrored.").applies(when: "arrangement", "automatic", "stage"),
        .number(
            \.overlap, "overlap", label: "Overlap", unit: "%", range: 0...90, step: 1,
            help: "What neighbours have in common, as share of their side. 0: looked for, from 3 to 50 %."),
        .number(\.tolerance, "tolerance", label: "Tolerance", unit: "%", range: 0.1...45, step: 1, help: "How far a frame may lie from its place in the grid or by the stage, as share of its side."),
        .choice(
            \.blend, "blend", label: "Transition", titles: [.seam: "Seam where frames agree", .feather: "Fade over the whole overlap"],
            help: "A seam takes each object from one frame; fading hides differences of light better."),
        .integer(\.transition, "transition", label: "Width of a seam", unit: "px", range: 0...500, help: "To each side of it the frames fade over.").applies(when: "blend", "seam"),
        .boolean(\.evensLight, "evensLight", label: "Even out light", help: "Divides by the light that all frames have in common; from five frames on."),
        .boolean(\.balances, "balances", label: "Equal brightness", help: "Multiplies each frame so that it is as bright as its neighbours. Changes gray levels by a factor each, which is kept with the mosaic."),
        .boolean(
            \.wantsOnlyMeasured, "onlyMatched", label: "Only matched frames",
            help: "Leaves out frames whose overlaps show nothing that fits, instead of placing them by grid or stage."),
    ]
    package var arrangement = StitchArrangement.automatic
    package var pattern = ""
    package var columns = 10
    package var startsRight = false
    package var stageX = "acq_stage_x"
    package var stageY = "acq_stage_y"
    package var stageUnit = StageUnit.um
    package var flipsX = false
    package var flipsY = false
    package var overlap = 0.0
    package var tolerance = 8.0
    package var blend = MosaicWeights.Blend.seam
    package var transition = 12
    package var evensLight = true
    package var balances = true
    package var wantsOnlyMeasured = false
    package init() {}

    package func identity(of frame: FrameGroup.Frame) -> String {
        [frame.image.name, frame.metadata[stageX] ?? "", frame.metadata[stageY] ?? ""].joined(separator: "\t")
    }

    package var settings: StitchSettings {
        var settings = StitchSettings()
        settings.overlap = overlap > 0 ? overlap / 100 : nil
        settings.tolerance = tolerance / 100
        (settings.blend, settings.transition) = (blend, transition)
        (settings.evensLight, settings.balances, settings.wantsOnlyMeasured) = (evensLight, balances, wantsOnlyMeasured)
        settings.memory = 1 << 29
        return settings
    }

    package func gather(_ group: FrameGroup) async throws -> Gathered {
        let frames = group.frames
        let names = frames.map(\.image.name)
        let scratch = StitchScratch()
        // What flows in may have another size and kind than the file, so a frame is seen once before.
        let kind = try kind(group)
        let input = StitchInput(
            frames: frames.map { frame -> StitchInput.Frame in
                let (channels, bits) = kind ?? (frame.image.channels, frame.image.bits)
                return .init(name: frame.image.name, width: frame.image.width, height: frame.image.height, channels: channels, bitsPerSample: bits)
            },
            pixels: { (index: Int) throws -> AnyImage in
                let image = try group.value(Self.image, of: frames[index]) ?? .gray8(Image(width: 0, height: 0, repeating: 0))
                scratch?.keep(index, image)
                return image
            },
            rows: { (index: Int) throws -> any ImageRowReader in
                let (channels, bits) = kind ?? (frames[index].image.channels, frames[index].image.bits)
                let header = ImageHeader(width: frames[index].image.width, height: frames[index].image.height, channels: channels, bitsPerSample: bits, format: .tiff)
                if let rows = scratch?.rows(index, header: header) { return rows }
                return MemoryRowReader(try group.value(Self.image, of: frames[index]) ?? .gray8(Image(width: 0, height: 0, repeating: 0)), format: .tiff)
            })
        var bounded = settings
        bounded.memory = min(settings.memory, group.memory)
        let (settings, work) = (bounded, HalfWay(group: group, part: 0))
        var stitched: StitchedFrames =
            if arrangement == .automatic {
                try await ArrangementFinder(input, named: StitchPlaces.cells(names), stage: try stage(frames), settings: settings, work: work).layout()
            } else {
                try await FrameStitcher(input, prior: try prior(frames), settings: settings, work: work).layout()
            }
        var notes = stitched.arrangement.map { [$0] } ?? []
        let warnings = stitched.warnings.map { "\(group.name.isEmpty ? "The mosaic" : group.name): \($0)." }
        var leftOut: [Gathered.LeftOut] = []
        for (index, reason) in stitched.reasons.enumerated() { if let reason { leftOut.append(.init(name: names[index], reason: reason)) } }
        let placed = frames.indices.filter { stitched.positions[$0] != nil }
        guard !placed.isEmpty else { return Gathered(images: [], leftOut: leftOut, notes: notes, warnings: warnings) }
        let expected = placed.filter { stitched.states[$0] == .expected }
        if !expected.isEmpty {
            notes.append("\(expected.count) frames lie where the arrangement has them, because their overlaps show nothing that fits: \(list(expected.map { names[$0] }))")
        }
        let dropped = stitched.links.filter { $0.verdict == .dropped }
        if !dropped.isEmpty {
            notes.append("\(dropped.count) pairs contradict the others and were dropped: \(list(dropped.map { names[$0.first] + " with " + names[$0.second] }))")
        }
        let used = stitched.links.filter { $0.verdict == .used }
        let residual = used.compactMap(\.residual).max() ?? 0
        notes.append("\(placed.count) of \(frames.count) frames, \(used.count) of \(stitched.links.count) pairs used, at most \((residual * 100).rounded() / 100) px from the result")
        let writer = MosaicWriter(stitched, settings: settings)
        let size = writer.shape
        try await group.write(waiting: "mosaic.tif") { path in
            let part = try PartFile(path: path)
            let file = try ImageFile.writer(.tiff, to: .descriptor(part.descriptor), shape: size)
            try await writer.write(to: file, rows: input.rows, work: HalfWay(group: group, part: 1))
            try part.commit()
        }
        stitched.links.sort { ($0.first, $0.second) < ($1.first, $1.second) }
        var image = Gathered.NewImage(file: "mosaic.tif", name: (group.name.isEmpty ? "mosaic" : group.name + " mosaic") + " \(size.width) × \(size.height)", frames: placed.map { frames[$0].image.uid })
        image.details = StitchTable.json(stitched)
        return Gathered(images: [image], leftOut: leftOut, notes: notes, warnings: warnings)
    }

    /// Channels and bits of what flows in, when a step before changes them; nil when it is as in the files.
    private func kind(_ group: FrameGroup) throws -> (channels: Int, bits: Int)? {
        for frame in group.frames {
            // A frame that cannot be read is noted later.
            let image: AnyImage?
            do { image = try group.value(Self.image, of: frame) } catch let error as RunCancelled { throw error } catch { continue }
            guard let image else { return nil }
            let isSame = image.channels == frame.image.channels && image.bitsPerSample == frame.image.bits
            return isSame ? nil : (image.channels, image.bitsPerSample)
        }
        return nil
    }

    /// Where frames lie as a person says, by the parameters.
    private func prior(_ frames: [FrameGroup.Frame]) throws -> StitchPrior {
        let names = frames.map(\.image.name)
        switch arrangement {
        case .unordered, .automatic: return .none
        case .rows, .snake:
            return .grid(StitchPlaces.cells(count: frames.count, columns: columns, toAndFro: arrangement == .snake, startsRight: startsRight))
        case .names:
            if !pattern.isEmpty {
                let parsed = try FileNamePattern(pattern)
                guard parsed.fields.contains("row"), parsed.fields.contains("column") else {
                    throw StitchError.nothingPlaced(reason: "the pattern \(pattern) lacks the fields row and column; write for example {name}_r{row:d}_c{column:d}")
                }
                let cells = StitchPlaces.cells(names, pattern: parsed)
                if let index = cells.firstIndex(where: { $0 == nil }) {
                    throw StitchError.nothingPlaced(reason: "\(names[index]) does not fit the pattern \(pattern); correct the pattern, or put that image elsewhere")
                }
                return .grid(cells)
            }
            guard let cells = StitchPlaces.cells(names) else {
                throw StitchError.nothingPlaced(reason: "no rows and columns were found in names such as \(names.first ?? ""); give a pattern, or choose another arrangement")
            }
            return .grid(cells)
        case .stage:
            guard let stage = try stage(frames) else {
                let missing = frames.first { $0.metadata[stageX].flatMap(Double.init) == nil || $0.metadata[stageY].flatMap(Double.init) == nil }
                throw StitchError.nothingPlaced(
                    reason: "\(missing?.image.name ?? "a frame") has no number in \(stageX) and \(stageY); name the fields that hold the stage position, or choose another arrangement")
            }
            return stage
        }
    }

    /// Nil when a frame has no position.
    private func stage(_ frames: [FrameGroup.Frame]) throws -> StitchPrior? {
        var positions: [Displacement] = []
        for frame in frames {
            guard let x = frame.metadata[stageX].flatMap(Double.init), let y = frame.metadata[stageY].flatMap(Double.init), x.isFinite, y.isFinite else { return nil }
            var scale = 1.0
            if stageUnit != .px {
                guard let size = frame.image.pixelSize else {
                    throw StitchError.nothingPlaced(reason: "the stage positions are in \(stageUnit == .um ? "µm" : "mm"), but \(frame.image.name) has no pixel size; set it on the Images page")
                }
                scale = (stageUnit == .um ? 1 : 1000) / size
            }
            positions.append(Displacement(x: (flipsX ? -x : x) * scale, y: (flipsY ? -y : y) * scale))
        }
        let side = frames.map { max($0.image.width, $0.image.height) }.max() ?? 1
        return .positions(positions, tolerance: tolerance / 100 * Double(side))
    }

    private func list(_ names: [String]) -> String { names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "") }
}

/// Finding out where frames lie and writing the mosaic are half of the work each.
private struct HalfWay: ParallelWork {
    let group: FrameGroup
    let part: Int

    func concurrently<Item: Sendable, Result: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Result
    ) async throws -> [Result] { try await group.concurrently(items, body) }

    func progress(_ done: Int, of total: Int) throws {
        let share = Double(done) / Double(max(1, total))
        try group.progress(Int((Double(group.frames.count) * (share + Double(part)) / 2).rounded()), of: group.frames.count)
    }
}
