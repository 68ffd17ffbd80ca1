import Codecs
import Foundation
import Operations
import Pipeline
import Raster
import Store

/// Pixels of one slot of one image, of which parts can be had at once.
package struct SlotPixels: Sendable {
    enum Source: Sendable {
        case memory(AnyImage)
        case file(ScratchPixels)
    }
    let source: Source
    let isGray: Bool

    /// - Throws: `ScratchLost` when the disk does not give back what was written to it.
    package func window(_ box: Rect) throws -> AnyImage {
        switch source {
        case .memory(let image): return box == image.bounds ? image : image.cropped(to: box)
        case .file(let pixels):
            guard let part = pixels.window(box) else { throw ScratchLost() }
            return part
        }
    }

    fileprivate func value(_ box: Rect) throws -> any SlotValue {
        switch try window(box) {
        case .gray8(let image) where isGray: GrayImage.bits8(image)
        case .gray16(let image) where isGray: GrayImage.bits16(image)
        case let image: image
        }
    }
}

/// A file with pixels, which were made from the original and can be made again, cannot be read.
package struct ScratchLost: Error, CustomStringConvertible {
    package var description: String { "the temporary file with its pixels cannot be read; check the disk of the folder for temporary files, and try again" }
}

extension ProjectPipeline {
    /// Gray levels of the original as `convert.gray` makes them, whatever the graph does.
    package static let originalGray = Graph.End("", "gray")

    /// Slots with pixels that measuring objects looks at.
    package func measuredEnds(_ plan: Plan) -> Set<Graph.End> {
        guard let end = plan.regionEnds.first else { return [] }
        let steps = plan.measurementEnds(of: end).compactMap { plan.step($0.node) }
        return Set(
            steps.flatMap { step in
                step.nodeClass.inputs.filter { $0.type == .image || $0.type == .gray }.flatMap { step.sources[$0.name] ?? [] }
            })
    }

    /// Pixels of slots, made once and kept: in memory, or in a file where they are large. Who asks while they are being made waits for that.
    package func pixels(
        of image: ImageRecord, ends: Set<Graph.End>, plan: Plan, executor: (any TaskExecutor)? = nil
    ) async throws -> [Graph.End: SlotPixels] {
        if let known = known(ends, of: image, plan: plan) { return known }
        let name = "\(state(of: image, plan: plan)) \(ends.map(\.description).sorted())"
        let task = loading.withLock { loading in
            if let task = loading[name] { return task }
            let task = Task(executorPreference: executor) {
                defer { self.loading.withLock { $0[name] = nil } }
                return try await self.make(ends, of: image, plan: plan)
            }
            loading[name] = task
            return task
        }
        return try await task.value
    }

    private func make(_ ends: Set<Graph.End>, of image: ImageRecord, plan: Plan) async throws -> [Graph.End: SlotPixels] {
        // Made by another task meanwhile.
        if let known = known(ends, of: image, plan: plan) { return known }
        let context = try await context(of: image)
        let decoded = try decode(image, context: context)
        var given: [Graph.End: any SlotValue] = [:]
        for source in plan.steps(.source) {
            for output in source.nodeClass.outputs { given[Graph.End(source.name, output.name)] = decoded }
        }
        var values = try plan.run(context: context, given: given, wanted: ends.subtracting([Self.originalGray]))
        if ends.contains(Self.originalGray) {
            values[Self.originalGray] =
                switch decoded {
                case .gray8(let image): GrayImage.bits8(image)
                case .color8(let image): GrayImage.bits8(image.gray())
                case .gray16(let image): GrayImage.bits16(image)
                case .color16(let image): GrayImage.bits16(image.gray())
                }
        }
        var result: [Graph.End: SlotPixels] = [:]
        for end in ends {
            guard let value = values[end] else { preconditionFailure("\(end) was not made") }
            guard let pixels = value as? AnyImage ?? (value as? GrayImage)?.anyImage else { preconditionFailure("\(end) holds no pixels") }
            // The file may have been replaced since it was imported; places in it would mean nothing.
            guard pixels.width == image.width, pixels.height == image.height else {
                throw CodecError.unreadable(
                    file: image.name, reason: "it is \(pixels.width) × \(pixels.height) pixels and was \(image.width) × \(image.height) when it was imported; import it again")
            }
            let isGray = value is GrayImage
            let key = SlotCache.Key(image: image.id, state: state(of: end, image: image, plan: plan), end: end)
            if pixels.byteCount > Self.mostBytesInMemory, let file = ScratchPixels(pixels) {
                result[end] = SlotPixels(source: .file(file), isGray: isGray)
                scratch.insert(file, isGray: isGray, for: key)
            } else {
                result[end] = SlotPixels(source: .memory(pixels), isGray: isGray)
                cache.insert(value, for: key)
            }
        }
        return result
    }

    /// Larger images go to a file, so that a few of them do not push each other out of memory.
    private static let mostBytesInMemory = 64 << 20

    private func known(_ ends: Set<Graph.End>, of image: ImageRecord, plan: Plan) -> [Graph.End: SlotPixels]? {
        var result: [Graph.End: SlotPixels] = [:]
        for end in ends {
            let key = SlotCache.Key(image: image.id, state: state(of: end, image: image, plan: plan), end: end)
            switch cache[key] {
            case let value as GrayImage: result[end] = SlotPixels(source: .memory(value.anyImage), isGray: true)
            case let value as AnyImage: result[end] = SlotPixels(source: .memory(value), isGray: false)
            default:
                guard let (file, isGray) = scratch[key] else { return nil }
                result[end] = SlotPixels(source: .file(file), isGray: isGray)
            }
        }
        return result
    }

    /// Measures masks that a person made or changed, by the measuring nodes of the pipeline, each in the part of the image around it.
    ///
    /// - Returns: one entry a mask, empty where the pipeline measures nothing.
    package func measurements(
        of masks: [Mask], in image: ImageRecord, plan: Plan, executor: (any TaskExecutor)? = nil
    ) async throws -> [Measurements] {
        guard let end = plan.regionEnds.first, !masks.isEmpty else { return masks.map { _ in .none } }
        let wanted = Set(plan.measurementEnds(of: end))
        let pixels = try await pixels(of: image, ends: measuredEnds(plan), plan: plan, executor: executor)
        let context = try await context(of: image)
        var result: [Measurements] = []
        result.reserveCapacity(masks.count)
        var start = 0
        while start < masks.count {
            // Neighbours share a part, as long as it is not large.
            var window = masks[start].boundingBox.intersection(image.frame)
            var stop = start + 1
            while stop < masks.count {
                let both = window.union(masks[stop].boundingBox.intersection(image.frame))
                guard both.area <= max(window.area, 1 << 20) else { break }
                (window, stop) = (both, stop + 1)
            }
            let segments = masks[start..<stop].map { Segment(mask: $0.tight) }
            var given: [Graph.End: any SlotValue] = [end: RegionSet(frame: image.frame, window: window, segments: segments)]
            for (slot, pixels) in pixels { given[slot] = try pixels.value(window) }
            let table = plan.measurements(of: end, in: try plan.run(context: context, given: given, wanted: wanted))
            let names = table.columns.map(\.name)
            result += table.rows.isEmpty ? segments.map { _ in .none } : table.rows.map { Measurements(names: names, values: $0) }
            start = stop
        }
        return result
    }

    /// The part of an image in which its objects may lie, as a run would take it now; nil when that is the whole frame.
    package func limit(of image: ImageRecord, plan: Plan) async throws -> Mask? {
        guard let end = plan.regionEnds.first.flatMap({ plan.step($0.node)?.sources[RegionsNode.area.name]?.first }) else { return nil }
        let mask: Mask?
        do {
            if let known = try (plan.step(end.node)?.node as? RestrictAreaNode)?.knownMask(in: image.frame, drawn: image.area) {
                mask = known
            } else {
                mask = try values(of: image, wanted: [end], plan: plan, context: try await context(of: image))[end] as? Mask
            }
        } catch is AreaError {
            // The next run will say what is wrong with it; an edit need not wait for that.
            return nil
        }
        guard let mask, !mask.isEmpty, mask.bounds == image.frame else { return nil }
        return mask.ifRestricting
    }
}
