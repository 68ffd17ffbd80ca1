import Codecs
import Foundation
import Pipeline
import Raster
import Store
import Synchronization

/// The pipeline of one open project applied to its images: full results for a run, single values for edits and vignettes.
package final class ProjectPipeline: Sendable {
    package let project: Project
    let cache: SlotCache
    let scratch = ScratchCache(byteLimit: 4 << 30)
    /// What is being made just now, by image, graph and slots.
    let loading = Mutex<[String: Task<[Graph.End: SlotPixels], any Error>]>([:])
    private let checked = Mutex<(stored: StoredGraph, graph: Graph, plan: Plan, fingerprint: String)?>(nil)
    private let states = Mutex<(graph: Graph, states: [Graph.End: SlotState])?>(nil)
    /// Fingerprint of the graph whose columns the project knows.
    private let declared = Mutex<String?>(nil)

    private let classes: [NodeClass]
    private let preparedValues = PreparedValues()

    /// - Parameter cacheBytes: most memory for pixels kept between edits.
    package init(project: Project, classes: [NodeClass] = AllNodes.classes, cacheBytes: Int = 256 << 20) {
        (self.project, self.classes) = (project, classes)
        cache = SlotCache(byteLimit: cacheBytes)
    }

    /// The checked graph as it is now.
    package func plan() async throws -> Plan {
        // Compared as it is stored, because every edit asks and reading all settings takes longer than many an edit.
        let stored = try await project.graph()
        if let known = checked.withLock({ $0 }), known.stored == stored { return known.plan }
        let graph = try await project.pipelineGraph()
        let plan = try Plan(graph, classes: classes)
        checked.withLock { $0 = (stored, graph, plan, plan.fingerprint) }
        return plan
    }

    package func context(
        of image: ImageRecord, report: @escaping @Sendable (Double) -> Void = { _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) async throws -> NodeContext {
        let metadata = try await project.metadata(image.id).mapValues(\.value)
        var context = NodeContext(
            source: .init(uid: image.uid, name: image.name, pixelSizeMicrometres: image.pixelSize, metadata: metadata, area: image.area, realm: image.realm),
            report: report, isCancelled: isCancelled)
        context.source.frame = image.frame
        context.companions = try await companions(of: image)
        return context
    }

    /// The files of outlines that speak of an image, to be read when a node asks for them.
    package func companions(of image: ImageRecord) async throws -> [Companion] {
        var companions: [Companion] = []
        for reference in image.companionReferences {
            guard let record = try await project.companion(reference.id), let kind = Companion.Kind(rawValue: record.kind.rawValue) else { continue }
            companions.append(
                Companion(name: record.name, kind: kind, sha256: record.sha256) { [project] in
                    try project.openFile(at: record.location).readAll()
                })
        }
        return companions
    }

    /// The original's pixels, upright; with `source.part`, those of the part.
    /// - Throws: `RunCancelled` when the context is cancelled meanwhile.
    package func decode(_ image: ImageRecord, context: NodeContext) throws -> AnyImage {
        let file = try project.openOriginal(image)
        do throws(CodecError) {
            if let part = context.source.part {
                return try ImageFile.decode(
                    descriptor: file.descriptor, name: image.name, page: image.page, orientation: image.orientation, part: part, isCancelled: { context.isStopped })
            }
            return try ImageFile.decode(
                descriptor: file.descriptor, name: image.name, page: image.page, orientation: image.orientation, isCancelled: { context.isStopped })
        } catch .cancelled { throw RunCancelled() }
    }

    /// All that decides what lies in all slots of an image.
    func state(of image: ImageRecord, plan: Plan) -> String {
        let fingerprint = checked.withLock { $0?.graph == plan.graph ? $0?.fingerprint : nil } ?? plan.fingerprint
        let prepared = image.prepared.sorted { $0.key < $1.key }.map { " \($0.value)" }.joined()
        let said = "\(image.area ?? "") \(image.companions ?? "")"
        return "\(image.id) \(image.sha256) \(image.page) \(image.orientation) \(image.pixelSize ?? 0) \(fingerprint) \(said)\(prepared)"
    }

    /// All that decides what lies in a slot of an image.
    func state(of end: Graph.End, image: ImageRecord, plan: Plan, part: Rect? = nil) -> String {
        let state = slotState(of: end, plan: plan)
        let box = part.map { "\($0.x) \($0.y) \($0.width) \($0.height)" } ?? ""
        let area = state?.usesArea == true ? image.area ?? "" : ""
        let prepared = (state?.prepared ?? []).map { " \(image.prepared[$0] ?? "")" }.joined()
        return "\(image.sha256) \(image.page) \(image.orientation) \(image.pixelSize ?? 0) \(box) \(state?.hash ?? "") \(area) \(image.companions ?? "")\(prepared)"
    }

    private func slotState(of end: Graph.End, plan: Plan) -> SlotState? {
        // Of the last plan asked for, since that is asked for again and again.
        let known = states.withLock { $0?.graph == plan.graph ? $0?.states : nil }
        let all = known ?? plan.slotStates()
        if known == nil { states.withLock { $0 = (plan.graph, all) } }
        return all[end]
    }

    /// Of the settings of a step and of all before it: what every key of what it makes of a group begins with.
    package func settingsKey(of step: Plan.Step, plan: Plan) -> String {
        let inputs = step.sources.sorted { $0.key < $1.key }.flatMap { input, ends in ends.map { "\(input) \(slotState(of: $0, plan: plan)?.hash ?? "")" } }
        return String(FileDigest.sha256(Array(([plan.stepHash(step)] + inputs).joined(separator: "\n").utf8)).prefix(16))
    }

    /// Runs steps of a plan on an image, with what they made of its group at hand.
    func run(
        _ plan: Plan, on image: ImageRecord, context: NodeContext, given: [Graph.End: any SlotValue], wanted: Set<Graph.End>? = nil,
        progress: (String, Double) throws -> Void = { _, _ in }
    ) throws -> [Graph.End: any SlotValue] {
        var context = context
        context.source.realm = image.realm
        context.findPrepared = { [self] step in
            guard let key = image.prepared[step.name], key.hasPrefix(settingsKey(of: step, plan: plan)), let node = step.node as? any PreparedNode else {
                throw NotPrepared(step: step.name)
            }
            return try preparedValues.value(step: step.name, key: key) {
                let files = PreparedFiles(files: project.files, folder: "\(step.name)/\(key)")
                guard let size = try? project.files.size("\(files.folder)/\(PreparedFiles.mark)"), size > 0 else { throw NotPrepared(step: step.name) }
                return try node.load(files)
            }
        }
        return try plan.run(context: context, given: given, wanted: wanted, progress: progress)
    }

    /// The image's own pixels in the slots where it enters the pipeline.
    func entering(_ pixels: AnyImage, _ image: ImageRecord, plan: Plan) -> [Graph.End: any SlotValue] {
        Dictionary(uniqueKeysWithValues: plan.origins(of: image.realm).map { end in (end, plan.isGray(end) ? pixels.asGray : pixels) })
    }

    /// Values of single slots of one image, from memory where they were computed before: of a changed graph, only what depends on the
    /// change is computed.
    ///
    /// - Parameter context: with `source.part` set, values are those of this part alone, as if it were the whole image.
    /// - Parameter remembering: false for passes over all images, which would only push out what edits need.
    package func values(
        of image: ImageRecord, wanted: Set<Graph.End>, given: [Graph.End: any SlotValue] = [:], plan: Plan, context: NodeContext,
        remembering: Bool = true
    ) throws -> [Graph.End: any SlotValue] {
        func key(_ end: Graph.End) -> SlotCache.Key {
            .init(image: image.id, state: state(of: end, image: image, plan: plan, part: context.source.part), end: end)
        }
        var values = given
        // From the wanted slots upward, and no further than to what is known.
        var asked = Array(wanted)
        while let end = asked.popLast() {
            guard values[end] == nil else { continue }
            if let value = cache[key(end)] { values[end] = value } else { asked += plan.step(end.node).map { Array($0.sources.values.joined()) } ?? [] }
        }
        let missing = wanted.filter { values[$0] == nil }
        if missing.isEmpty { return values }
        if plan.origins(of: image.realm).contains(where: { plan.depends(missing, on: $0.node, given: Set(values.keys)) }) {
            values.merge(entering(try decode(image, context: context), image, plan: plan)) { $1 }
        }
        let all = try run(plan, on: image, context: context, given: values, wanted: missing)
        for (end, value) in all where remembering && given[end] == nil && !(value is MeasurementTable) {
            // Masks and objects that follow from what was handed in are not what the graph makes; pixels never do.
            guard given.isEmpty || value is AnyImage || value is GrayImage else { continue }
            cache.insert(value, for: key(end))
        }
        return all
    }

    /// What the pipeline makes of one image, one result for each slot that objects come from. Only steps run that these, or what is measured
    /// of them, depend on.
    ///
    /// - Parameter ends: only these slots; nil for all.
    package func results(
        of image: ImageRecord, ends: [Graph.End]? = nil, plan: Plan, context: NodeContext, progress: (String, Double) throws -> Void = { _, _ in },
        inspect: ([Graph.End: any SlotValue]) -> Void = { _ in }
    ) throws -> [ImageResult] {
        let ends = ends ?? plan.regionEnds(of: image)
        let wanted = Set(ends + ends.flatMap(plan.measurementEnds))
        let given = entering(try decode(image, context: context), image, plan: plan)
        let values = try run(plan, on: image, context: context, given: given, wanted: wanted, progress: progress)
        inspect(values)
        return try ends.map { end in
            guard let set = values[end] as? RegionSet else { preconditionFailure("\(end) holds no regions") }
            let table = plan.measurements(of: end, in: values).selecting(set.objectIndices)
            return try result(of: image, end: end, set: set, table: table, plan: plan, context: context)
        }
    }

    /// Of what each step makes its result on an image: of two equal states the results are equal.
    package func states(of image: ImageRecord, plan: Plan) -> [String: String] {
        var states: [String: String] = [:]
        for step in plan.steps where step.nodeClass.isPerImage && step.realm == image.realm {
            guard let output = step.nodeClass.outputs.first else { continue }
            states[step.name] = String(FileDigest.sha256(Array(state(of: Graph.End(step.name, output.name), image: image, plan: plan).utf8)).prefix(16))
        }
        return states
    }

    /// Measures present objects of an image again, edited ones too; their masks stay. Where these are what the pipeline would
    /// make now, nothing is left to compute afterwards.
    ///
    /// - Parameters:
    ///   - edited: true for edited objects only.
    ///   - only: measuring steps; nil for all.
    package func measureAgain(_ image: ImageRecord, edited: Bool? = nil, only: Set<String>? = nil, plan: Plan, context: NodeContext) async throws {
        var query = ObjectQuery(image: image.id)
        query.edited = edited
        query.withMeasurements = false
        query.withTotal = false
        query.limit = 10_000
        repeat {
            let page = try await project.objects(query)
            for (end, objects) in Dictionary(grouping: page.items, by: { plan.end(ofNode: $0.node, in: image) }) {
                guard let end else { continue }
                var stored: [StoredMask] = []
                for object in objects { if let mask = try await project.mask(object.id) { stored.append(mask) } }
                let masks = try stored.map { try MaskPNG.decode($0.png, origin: ($0.box.x, $0.box.y)) }
                try context.checkCancelled()
                let measured = try await measurements(of: masks, in: image, plan: plan, end: end, only: only)
                try await project.storeMeasurements(zip(stored, measured).map { ($0.object, $0.revision, $1) })
            }
            query.cursor = page.next
        } while query.cursor != nil
        guard edited == nil else { return }
        for end in plan.regionEnds(of: image) {
            let now = RunKey(of: image, end: end, plan: plan)
            guard let stored = try await runKey(of: image, end: end, plan: plan), stored.regions == now.regions, stored != now else { continue }
            try await project.setResultKey(image: image.id, node: plan.storedNode(of: end), key: now.text)
        }
        // What was measured is as now; of all else, what was noted stays.
        let now = states(of: image, plan: plan)
        let measuring = Set(plan.regionEnds(of: image).flatMap(plan.measurementEnds).map(\.node)).filter { only?.contains($0) ?? true }
        try await project.setStates(image: image.id, image.states.merging(now.filter { measuring.contains($0.key) }) { $1 })
    }

    /// Of what the stored objects of an image were made; nil where there are none.
    package func runKey(of image: ImageRecord, end: Graph.End, plan: Plan) async throws -> RunKey? {
        try await project.resultKey(image: image.id, node: plan.storedNode(of: end)).flatMap { RunKey($0) }
    }

    /// Makes the columns that the pipeline's measuring nodes fill known to the project, before values are stored.
    package func ensureColumns(_ plan: Plan) async throws {
        let fingerprint = checked.withLock { $0?.graph == plan.graph ? $0?.fingerprint : nil } ?? plan.fingerprint
        if declared.withLock({ $0 }) == fingerprint { return }
        try await project.setMeasureColumns(try columns(of: plan))
        declared.withLock { $0 = fingerprint }
    }

    private func columns(of plan: Plan) throws -> [MeasureColumnRecord] {
        var records: [MeasureColumnRecord] = []
        var names: [Graph.End: Set<String>] = [:]
        for end in plan.regionEnds {
            for measuring in plan.measurementEnds(of: end) {
                // An empty set of objects is measured in no time and has all columns.
                guard let step = plan.step(measuring.node) else { continue }
                var slots = SlotValues()
                for input in step.nodeClass.inputs {
                    slots[input.name] = input.type == .regions ? RegionSet(frame: Rect(x: 0, y: 0, width: 1, height: 1)) : blank(input.type)
                }
                try step.node.run(&slots, context: NodeContext(source: .init(uid: "", name: "")))
                guard let table = slots[measuring.slot] as? MeasurementTable else { continue }
                names[measuring] = Set(table.columns.map(\.name))
                for column in table.columns where !records.contains(where: { $0.name == column.name }) {
                    records.append(
                        MeasureColumnRecord(
                            name: column.name, unit: column.unit, title: column.title, definition: column.definition, source: column.source,
                            node: measuring.node))
                }
            }
        }
        for step in plan.steps where step.node is ModelNode {
            names[Graph.End(step.name, ModelNode.measurements.name)] = Set(ModelNode.columns.map(\.name))
            for column in ModelNode.columns where !records.contains(where: { $0.name == column.name }) {
                records.append(
                    MeasureColumnRecord(
                        name: column.name, unit: column.unit, title: column.title, definition: column.definition, source: column.source, node: step.name))
            }
        }
        for step in plan.steps {
            guard let filter = step.node as? RegionFilterNode else { continue }
            try filter.check(known: (step.sources[RegionFilterNode.measurements.name] ?? []).reduce(into: []) { $0.formUnion(names[$1] ?? []) })
        }
        return records
    }

    private func blank(_ type: SlotType) -> (any SlotValue)? {
        switch type {
        case .image: AnyImage.gray8(Image(width: 1, height: 1, repeating: 0))
        case .gray: GrayImage.bits8(Image(width: 1, height: 1, repeating: 0))
        case .mask: Mask(bounds: Rect(x: 0, y: 0, width: 1, height: 1), sortedRuns: [])
        case .regions, .measurements, .vignettes, .archive: nil
        }
    }

    private func result(
        of image: ImageRecord, end: Graph.End, set: RegionSet, table: MeasurementTable, plan: Plan, context: NodeContext
    ) throws -> ImageResult {
        let (names, node) = (table.columns.map(\.name), plan.storedNode(of: end))
        // Stored are the objects first, then what was dropped; a parent may be either.
        let stored = set.segments.indices.filter { set.segments[$0].rejectedBy == nil } + set.segments.indices.filter { set.segments[$0].rejectedBy != nil }
        let position = Dictionary(uniqueKeysWithValues: stored.enumerated().map { ($0.element, $0.offset) })
        var regions: [NewRegion] = []
        var rejects: [NewRegion] = []
        var uids: Set<String> = []
        var categories: [String: NamedCategory] = [:]
        for segment in set.segments {
            try context.checkCancelled()
            var uid = ObjectUID.make(image: image.uid, node: node, mask: segment.mask)
            // Objects that were read from files may overlap, and then share their first pixel.
            if !uids.insert(uid).inserted {
                uid = ObjectUID.make(image: image.uid, edit: "\(node) \(regions.count + rejects.count)", mask: segment.mask)
                uids.insert(uid)
            }
            var region = NewRegion(mask: segment.mask, uid: uid)
            region.parentIndex = segment.parent.flatMap { position[$0] }
            region.nInner = segment.innerCount
            region.touches = UInt8(segment.touches.rawValue)
            if let rule = segment.rejectedBy {
                region.rule = rule
                rejects.append(region)
            } else {
                if !table.rows.isEmpty { region.measurements = Measurements(names: names, values: table.rows[regions.count]) }
                regions.append(region)
                if let said = segment.category { categories[uid] = NamedCategory(name: said.name, parent: said.parent, score: said.score) }
            }
        }
        var result = ImageResult(image: image.id, node: node, runKey: RunKey(of: image, end: end, plan: plan).text, regions: regions, rejects: rejects)
        result.categories = categories
        result.slot = end.slot
        return result
    }

    /// Forgets what is kept of an image whose file or calibration changed.
    package func forget(image: Int64) {
        cache.removeAll(image: image)
        scratch.removeAll(image: image)
    }
}

extension AnyImage {
    /// As it lies in a slot for one channel; colour stays colour.
    fileprivate var asGray: any SlotValue {
        switch self {
        case .gray8(let image): GrayImage.bits8(image)
        case .gray16(let image): GrayImage.bits16(image)
        case .color8, .color16: self
        }
    }
}

extension Plan {
    fileprivate func isGray(_ end: Graph.End) -> Bool {
        step(end.node)?.nodeClass.outputs.contains { $0.name == end.slot && $0.type == .gray } ?? false
    }
}

extension ImageRecord {
    /// Files of outlines that speak of it.
    package var companionReferences: [CompanionReference] {
        companions.flatMap { try? JSONDecoder().decode([CompanionReference].self, from: Data($0.utf8)) } ?? []
    }

    /// Of what these files are called and what is in them; equal on every machine.
    var companionDigest: String { companionReferences.map { "\($0.name) \($0.sha256)" }.joined(separator: "\n") }

    /// The upright image as a box.
    package var frame: Rect { Rect(x: 0, y: 0, width: width, height: height) }
}

extension NewRegion {
    /// Region of this mask, encoded as stored.
    package init(mask: Mask, uid: String) {
        let tight = mask.tight
        self.init(uid: uid, box: tight.bounds, png: MaskPNG.encode(tight), area: tight.area)
    }
}

/// Stable names of objects: equal on every machine that finds the same object in the same image by the same node.
package enum ObjectUID {
    /// Two objects of one node never share their first pixel.
    package static func make(image: String, node: String, mask: Mask) -> String {
        let first = mask.runs.first.map { "\($0.first),\($0.y)" } ?? ""
        return digest([image, node, first])
    }

    /// For an object made by hand: image, whole shape, and what tells repetitions apart.
    package static func make(image: String, edit: String, mask: Mask) -> String {
        var bytes = Array("\(image)\n\(edit)\n".utf8)
        bytes.reserveCapacity(bytes.count + mask.runs.count * 16)
        for (index, run) in mask.runs.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ";")) }
            append(run.y, to: &bytes)
            bytes.append(UInt8(ascii: ","))
            append(run.first, to: &bytes)
            bytes.append(UInt8(ascii: ","))
            append(run.last, to: &bytes)
        }
        return String(FileDigest.sha256(bytes).prefix(20))
    }

    /// Decimal digits. Strings of all runs of a large object took longer than everything else in its edit.
    private static func append(_ number: Int32, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private static func digest(_ parts: [String]) -> String {
        String(FileDigest.sha256(Array(parts.joined(separator: "\n").utf8)).prefix(20))
    }
}
