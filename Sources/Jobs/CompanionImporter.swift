import Codecs
import Foundation
import Nodes
import Operations
import Pipeline
import Raster
import Store

/// Files of masks and outlines that come with images: which they are, which image they belong to, and drawing them as objects.
package struct CompanionImporter: Sendable {
    package let project: Project
    private let plan: Plan
    private let node: ImportMasksNode
    /// Name of the step that reads such files in each run, where the pipeline has one: then nothing is drawn here.
    package let readingStep: String?

    package init(project: Project, pipeline: ProjectPipeline) async throws {
        self.project = project
        plan = try await pipeline.plan()
        node = plan.steps.lazy.compactMap { $0.node as? ImportMasksNode }.first ?? ImportMasksNode()
        readingStep = plan.steps.first { $0.node is SegmentImportNode }?.name
    }

    /// Rules by which files belong to images: those of the import, and those of every step that reads masks.
    private var rules: [OutlineNames] {
        [node.reader.names] + plan.steps.compactMap { ($0.node as? SegmentImportNode).map { OutlineNames($0.names) } }
    }

    /// Of names that come in together, those that are masks or outlines: text files by their ending, pictures by the image that they go with.
    ///
    /// - Parameter images: names of images that are there already.
    package func companions(among names: [String], images: some Sequence<String>) -> Set<String> {
        var found = Set(names.filter(Self.isNamedAsText))
        // Ten thousand frames among which nothing is called like a mask need no looking for masks of each.
        let rules = rules.filter { rule in names.contains { !found.contains($0) && rule.mayName($0) } }
        if rules.isEmpty { return found }
        let coming = Set(names)
        for image in coming.filter(ImageFile.isNamedAsImage).union(images) {
            for rule in rules {
                for candidate in rule.candidates(for: image) where coming.contains(candidate) {
                    found.formUnion(OutlineNames.series(candidate) { coming.contains($0) })
                }
            }
        }
        return found
    }

    package static func isNamedAsText(_ name: String) -> Bool {
        let file = name.split(separator: "/").last.map(String.init) ?? name
        guard !file.hasPrefix("."), let dot = file.lastIndex(of: ".") else { return false }
        return OutlineNames.textEndings.contains(file[file.index(after: dot)...].lowercased())
    }

    /// Registers one file.
    /// - Throws: `AnnotationFileError` for broken JSON, `NoOutlines` for JSON of another kind.
    package func register(_ name: String, at location: ImageLocation, known: (sha256: String, bytes: Int)? = nil) async throws -> (record: CompanionRecord, isNew: Bool) {
        let file = try project.openFile(at: location)
        var kind = CompanionRecord.Kind.picture
        if Self.isNamedAsText(name) {
            guard file.size <= 2 << 30 else { throw AnnotationFileError(name, "it has more than 2 GB; cut it into several files") }
            let bytes = try file.readAll()
            if GeoJSONOutlines.isLikely(bytes) { kind = .geojson } else if COCOFile.isLikely(bytes) { kind = .coco } else {
                // Broken JSON says where it is broken.
                var scanner = JSONScanner(bytes, file: name)
                try scanner.skip()
                try scanner.finish()
                throw NoOutlines(file: name)
            }
        }
        let (sha256, bytes) = try known ?? FileDigest.sha256(file)
        return try await project.addCompanion(name: name, kind: kind, location: location, sha256: sha256, bytes: bytes)
    }

    /// Looks whether files that lie in place have changed since they were registered, and matches again.
    func refresh() async throws {
        for companion in try await project.companions() {
            guard case .root = companion.location, let file = try? project.openFile(at: companion.location) else { continue }
            let (sha256, bytes) = try FileDigest.sha256(file)
            if sha256 != companion.sha256 {
                _ = try await project.addCompanion(name: companion.name, kind: companion.kind, location: companion.location, sha256: sha256, bytes: bytes)
            }
        }
        try await match()
    }

    /// Says of every image which files speak of it. Returns images for which that changed.
    @discardableResult
    package func match() async throws -> [ImageRecord] {
        let companions = try await project.companions()
        if companions.isEmpty { return [] }
        let byName = Dictionary(uniqueKeysWithValues: companions.map { ($0.name, $0) })
        var named: [(record: CompanionRecord, file: COCOFile)] = []
        for companion in companions where companion.kind == .coco {
            let project = project
            let outline = Companion(name: companion.name, kind: .coco, sha256: companion.sha256) { try project.openFile(at: companion.location).readAll() }
            if let file = try? OutlineReader.coco(outline) { named.append((companion, file)) }
        }
        let (rules, encoder) = (rules, JSONEncoder())
        encoder.outputFormatting = [.withoutEscapingSlashes]
        var changed: [ImageRecord] = []
        var changes: [(image: ObjectID, companions: String?)] = []
        for image in try await project.allImages() {
            var found: [CompanionRecord] = []
            for rule in rules {
                for candidate in rule.candidates(for: image.name) where byName[candidate] != nil {
                    for name in OutlineNames.series(candidate, isThere: { byName[$0] != nil }) {
                        if let record = byName[name], !found.contains(record) { found.append(record) }
                    }
                }
            }
            for (record, file) in named where !found.contains(record) {
                if (try? file.picture(named: image.name)) ?? nil != nil { found.append(record) }
            }
            let text = found.isEmpty ? nil : String(decoding: try encoder.encode(found.map(CompanionReference.init)), as: UTF8.self)
            if text != image.companions {
                changes.append((image.id, text))
                changed.append(image)
            }
        }
        try await project.setCompanions(changes)
        return changed
    }

    /// What drawing came to.
    package struct Tally: Sendable {
        package var objects = 0
        package var images = 0
        package var failures: [JobOutcome.Failure] = []
        package var notes: [String] = []
    }

    /// Draws what files say as objects of their images, each content once; an image alone fails with its reason.
    func draw(_ context: JobContext) async throws -> Tally {
        guard readingStep == nil, !(try await project.companions()).isEmpty else { return Tally() }
        var tally = Tally()
        let images = try await project.allImages().filter { $0.companions != nil && $0.width > 0 }
        var categories = try await CategoryImport(project, by: "import")
        for image in images {
            try context.checkCancelled()
            do {
                let files = node.reader.files(for: image.name, among: try await context.pipeline.companions(of: image))
                let digest = FileDigest.sha256(Array(files.map(\.sha256).joined(separator: "\n").utf8))
                if files.isEmpty { continue }
                if try await project.wasDrawn(sha256: digest, image: image.id) { continue }
                context.progress.say("Masks of \(image.name)")
                let cancelled = context.cancelled
                let result = try node.reader.read(files, image: image.name, frame: image.frame) { cancelled.isSet }
                tally.notes += result.notes
                if !result.segments.isEmpty {
                    try await commit(result, of: image, digest: digest, categories: &categories, context)
                    tally.objects += result.segments.count
                    tally.images += 1
                } else if !result.files.isEmpty {
                    tally.notes.append("\(result.files.map(\.name).joined(separator: ", ")): no object is in it for \(image.name)")
                }
                try await project.noteDrawn(sha256: digest, image: image.id)
                context.announce(.images([image.id]))
            } catch let stop as RunCancelled { throw stop } catch let error as StoreError where error.stopsEverything { throw error } catch {
                tally.failures.append(.init(name: image.name, reason: "\(error)"))
            }
        }
        return tally
    }

    private func commit(
        _ result: OutlineReader.Result, of image: ImageRecord, digest: String, categories: inout CategoryImport, _ context: JobContext
    ) async throws {
        try await context.pipeline.ensureColumns(plan)
        let measured = try await context.pipeline.measurements(of: result.segments.map(\.mask), in: image, plan: plan)
        let names = result.files.map(\.name)
        let request: JSONValue = ["operation": "import", "image": .number(Double(image.id)), "files": .array(names.map { .string($0) })]
        var edit = NewEdit(operation: "import", image: image.id, request: String(decoding: try JSONEncoder().encode(request), as: UTF8.self))
        edit.summary = "Brought in \(result.segments.count == 1 ? "1 object" : "\(result.segments.count) objects") from \(names.joined(separator: ", "))"
        edit.by = "import"
        // Interrupted between this and the note that it was drawn, it is not drawn twice.
        edit.key = EditKey("import \(digest.prefix(32)) \(image.id)", request: digest)
        for (index, segment) in result.segments.enumerated() {
            var region = NewRegion(mask: segment.mask, uid: ObjectUID.make(image: image.uid, edit: "import \(digest) \(index)", mask: segment.mask))
            region.touches = UInt8(segment.touches.rawValue)
            region.measurements = measured[index]
            edit.create.append(region)
        }
        let outcome = try await project.commitEdit(edit)
        try await ObjectMapMaker(project: project).prepare(image.id)
        context.announce(.objects(image: image.id, revision: outcome.revision))
        guard node.labels else { return }
        var labels: [NewLabel] = []
        for (object, segment) in zip(outcome.created, result.segments) {
            guard let said = segment.category else { continue }
            let id = try await categories.id(of: NamedCategory(name: said.name, parent: said.parent))
            labels.append(NewLabel(object: object, category: .id(id), status: said.score == nil ? .validated : .predicted, score: said.score))
        }
        if !labels.isEmpty { _ = try await project.setLabels(labels, source: .rule, by: "import") }
    }
}

/// JSON of another kind.
package struct NoOutlines: Error, CustomStringConvertible {
    let file: String
    package var description: String { "\(file): neither GeoJSON nor a COCO file of instances" }
}
