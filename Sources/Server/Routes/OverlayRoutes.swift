import Codecs
import HTTPTypes
import Hummingbird
import NIOCore
import Nodes
import Pipeline
import Pyramid
import Raster
import Store

/// The objects above an image: tiles, what they were in former states, and how two states differ.
struct OverlayRoutes: RouteGroup {
    let services: Services

    enum Style: String, CaseIterable { case fill, outline }
    enum Kind: String, CaseIterable { case region, reject, all }

    private static let image = Route.project + "/blobs/{image}"

    var routes: [Route] {
        let state = Schema.object([
            "edit": .integer.described("Number for `state`, `from` and `to`; 0 is before the first entry, negative a former run."), "operation": .string, "summary": .string,
            "at?": .date, "undone": .boolean, "objects": .integer,
        ])
        return [
            Route(
                .get, Self.image + "/overlay/{z}/{x}/{y}.png",
                """
                All objects of a tile as one 1-bit PNG, transparent where there is none. A pixel is set if any pixel of the image under it is covered. \
                Up to four levels past the native one, where pixels are squares.
                """,
                query: Self.look + [
                    .init(name: "revision", schema: .integer, help: "The image's; makes addresses new when objects change."),
                    .init(name: "labels", schema: .integer, help: "`revision` of the categories; makes addresses with a category new when labels change."),
                    .init(name: "v", schema: .string, help: "The image's uid; with it and the revisions, or with a state, an address may be cached for good."),
                ],
                answers: [.bytes(["image/png"], "The tile."), .notModified],
                problems: [.imageUnknown, .imageUnreadable, .tileUnknown, .queryInvalid, .valueInvalid], isQuiet: true, handle: tile),
            Route(
                .get, Self.image + "/states",
                "The states of the image's objects that can be shown, newest first: those of its history, and the last three runs that others replaced since.",
                answers: [.json(.object(["states": .array(state)]), "The states.")], problems: [.imageUnknown]
            ) { call in
                let project = try await services.open(call).project
                let image = try await services.image(call, in: try await services.open(call))
                let states = try await project.objectStates(image: image.id).map { state -> JSONValue in
                    var members: [String: JSONValue] = [
                        "edit": .integer(state.edit), "operation": .string(state.operation), "summary": .string(state.summary), "undone": .boolean(state.isUndone),
                        "objects": .integer(state.objects),
                    ]
                    if let at = state.at { members["at"] = .date(at) }
                    return .object(members)
                }
                return .json(["states": .array(states)])
            },
            Route(
                .get, Self.image + "/compare",
                "How the objects of two states differ. Each object that is not the same is matched with the one it overlaps most (intersection over union).",
                query: [
                    .init(name: "from", schema: .integer, help: "Entry of the history, as `states` lists them; 0."),
                    .init(name: "to", schema: .integer, help: "The same; the present objects when it is not given."),
                ],
                answers: [
                    .json(
                        .object([
                            "counts": .object(["from": .integer, "to": .integer, "unchanged": .integer]), "added": .array(.integer), "lost": .array(.integer),
                            "changed": .array(.object(["from": .integer, "to": .integer, "iou": .number])),
                        ]), "Ids of objects.")
                ], problems: [.imageUnknown, .imageUnreadable, .queryInvalid, .valueInvalid], handle: compare),
        ]
    }

    // MARK: - What to show

    /// How objects are chosen and drawn, as the query of several addresses says it.
    struct Look: Sendable {
        var color: UInt32
        var style: OverlayTile.Style
        var filter: ObjectMap.Filter
        var state: Int64?
        /// Objects of a category; `.some(nil)`: those without one.
        var category: Int64??
        /// Steps whose objects are left out.
        var without: Set<String> = []
        /// State of all labels, where they matter; set by `resolve`.
        fileprivate var labelRevision: Int64?

        init(_ call: Call) throws(Problem) {
            color = try call.color("color") ?? 0x0072B2
            let width = try call.integer("width", in: 1...8) ?? 1
            style = try call.choice("style", Style.self) == .outline ? .outline(width: width) : .fill
            filter = try OverlayRoutes.filter(call)
            if let text = call.target.query["selection"] { filter.selection = try OverlayRoutes.ids(text, field: "selection", most: 1_000) }
            state = try OverlayRoutes.state("state", call)
            without = OverlayRoutes.without(call)
            switch call.target.query["category"] {
            case nil, "": break
            case "none": category = .some(nil)
            default: category = try call.integer("category", in: 1...Int.max).map(Int64.init)
            }
        }

        /// Looks up which objects have the category, and which are left out.
        mutating func resolve(_ project: OpenProject, image: ObjectID) async throws {
            try await resolveCategory(project, image: image)
            guard !without.isEmpty else { return }
            let hidden = try await OverlayRoutes.objects(of: without, project, image: image)
            switch filter.members {
            case nil: filter.members = (hidden, false)
            case (let ids, true)?:
                let hidden = Set(hidden)
                filter.members = (ids.filter { !hidden.contains($0) }, true)
            case (let ids, false)?: filter.members = (Set(ids).union(hidden).sorted(), false)
            }
        }

        private mutating func resolveCategory(_ project: OpenProject, image: ObjectID) async throws {
            guard let category else { return }
            let revision = try await project.project.labelRevision()
            labelRevision = revision
            let key = "\(image)-\(category.map(String.init) ?? "none")"
            // The image's own revision too: what was deleted has no label here any more.
            if let known = project.labelled[key], known.labels == revision, known.objects == project.objects.ready(image)?.revision {
                filter.members = (known.ids, category != nil)
                return
            }
            let objects = project.objects.ready(image)?.revision
            let ids = try await project.project.labelled(image: image, category: category)
            filter.members = (ids, category != nil)
            if let objects { project.labelled[key] = .init(labels: revision, objects: objects, ids: ids) }
        }

        /// Tells looks apart in cache keys and entity tags.
        var key: String {
            var hash = Fingerprint()
            // The lists can be long, and rules are texts.
            let lists = [
                filter.kinds.sorted(), filter.rules.map { ["only"] + $0.sorted() } ?? [], filter.selection.map { ["only"] + $0.map(String.init) } ?? [],
                without.isEmpty ? [] : ["without"] + without.sorted(),
            ]
            for text in lists {
                hash.add(bytes: text.joined(separator: ",").utf8)
                hash.add(bytes: [0xFF])
            }
            let style = if case .outline(let width) = style { "o\(width)" } else { "f" }
            let labels = category.map { "-\($0.map(String.init) ?? "none").\(labelRevision ?? 0)" } ?? ""
            return "\(style)-\(String(color, radix: 16))-\(String(hash.value, radix: 36))\(labels)"
        }

        /// A state that stays as it is. The one before the first entry is the present one as long as there is no entry, and a run changes it.
        var isFixed: Bool { state ?? 0 != 0 }

        /// Tells states apart in entity tags.
        func stamp(_ revision: Int64) -> String { (state.map { "s\($0)" } ?? "") + (isFixed ? "" : "r\(revision)") }

        /// Tile pixels around a tile that its picture depends on.
        var margin: Int { if case .outline(let width) = style { width + 1 } else { 0 } }
    }

    static let look: [Route.Query] = [
        .init(name: "color", schema: .string, help: "RRGGBB; 0072B2."),
        .init(name: "style", schema: .choice(Style.allCases.map(\.rawValue)), help: "fill, or outline: the inner border of each object."),
        .init(name: "width", schema: .integer, help: "Of outlines, 1 to 8 tile pixels; 1."),
        .init(name: "kind", schema: .choice(Kind.allCases.map(\.rawValue)), help: "Objects, or what was dropped; region, with `rule` reject."),
        .init(name: "rule", schema: .string, help: "Only what these rules dropped, with commas."),
        .init(name: "selection", schema: .string, help: "Only objects with these ids, with commas, at most 1,000."),
        .init(name: "category", schema: .string, help: "Only objects labelled with this category, by its id; none: those without a label."),
        hidingSteps,
        .init(name: "state", schema: .integer, help: "The objects as they were just after this entry of the history; 0: before the first; negative: a former run."),
    ]

    static let hidingSteps = Route.Query(
        name: "without", schema: .string, help: "Not the objects that these steps found, with commas; hand: those drawn by hand.")

    /// `without` of the query, as `Project.objects(image:foundBy:)` takes it.
    static func without(_ call: Call) -> Set<String> {
        Set((call.target.query["without"] ?? "").split(separator: ",").map { $0 == "hand" ? "" : String($0) })
    }

    /// Objects that these steps found, ascending; kept until the image changes.
    static func objects(of steps: Set<String>, _ project: OpenProject, image: ObjectID) async throws -> [ObjectID] {
        let key = "\(image)-by-\(steps.sorted().joined(separator: ","))"
        let revision = project.objects.ready(image)?.revision
        if let known = project.labelled[key], known.objects == revision { return known.ids }
        let ids = try await project.project.objects(image: image, foundBy: steps)
        if let revision { project.labelled[key] = .init(labels: 0, objects: revision, ids: ids) }
        return ids
    }

    /// `kind` and `rule` of the query.
    static func filter(_ call: Call) throws(Problem) -> ObjectMap.Filter {
        let rules = call.target.query["rule"].flatMap { $0.isEmpty ? nil : Set($0.split(separator: ",").map(String.init)) }
        let kind = try call.choice("kind", Kind.self) ?? (rules == nil ? .region : .reject)
        let kinds: Set<ObjectKind> = kind == .all ? [.region, .reject] : kind == .reject ? [.reject] : [.region]
        return ObjectMap.Filter(kinds: Set(kinds.map(\.rawValue)), rules: rules)
    }

    /// A number that `states` lists.
    private static func state(_ name: String, _ call: Call) throws(Problem) -> Int64? {
        try call.integer(name, in: -Int(Int32.max)...Int.max).map(Int64.init)
    }

    static func ids(_ text: String, field: String, most: Int) throws(Problem) -> [Int64] {
        let parts = text.split(separator: ",", maxSplits: most)
        guard parts.count <= most else { throw Problem(.queryInvalid, "\(field) names more than \(most) objects; ask for them in parts", field: field) }
        return try parts.map { part throws(Problem) in
            guard let id = Int64(part) else { throw Problem(.queryInvalid, "\(field) must be whole numbers with commas; \"\(part.prefix(20))\" is none", field: field) }
            return id
        }
    }

    // MARK: - Tiles

    @Sendable func tile(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let id = try call.id("image", unknown: .imageUnknown, what: "Image")
        let (z, x, y) = (try TileRoutes.index("z", call), try TileRoutes.index("x", call), try TileRoutes.index("y", call))
        return try await picture(call, project: project, image: id, look: try Look(call), z: z, x: x, y: y)
    }

    /// The tile with what caches need to know.
    func picture(_ call: Call, project: OpenProject, image id: ObjectID, look: Look, z: Int, x: Int, y: Int) async throws -> Response {
        var look = look
        try await look.resolve(project, image: id)
        guard let present = try await present(project, id, look: look, z: z) else {
            return try await slow(call, project: project, image: id, look: look, z: z, x: x, y: y)
        }
        let layout = present.layout
        guard let region = ObjectMap.place(layout, z: z, x: x, y: y, margin: look.margin)?.region else { throw Self.unknownTile(id, layout, z: z, x: x, y: y) }
        let place = "\(z)-\(x)-\(y)-\(look.key)"
        let etag = "\"\(present.uid)-\(look.stamp(present.revision))-\(place)\""
        var headers = HTTPFields()
        headers[.eTag] = etag
        headers[.cacheControl] = Self.caching(call, look, uid: present.uid, revision: present.revision)
        if EntityTag.matches(etag, call.headers) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "image/png"
        let key = "\(id)-\(look.state.map { "s\($0)" } ?? "")-\(place)"
        let png: [UInt8]
        if let known = project.overlays[key], look.isFixed || present.isUnchanged(since: known.revision, in: region) {
            png = known.bytes
        } else {
            let map: ObjectMap
            if let state = look.state { map = try await project.objects.objects(of: id, after: state) } else { map = present.map }
            let look = look
            png = try await services.work.run { map.draw(look.filter, z: z, x: x, y: y, style: look.style).map { MaskPNG.encode($0, color: look.color) } ?? [] }
            project.overlays.insert(.init(revision: present.revision, bytes: png), for: key)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: png)))
    }

    /// With the image's identity and its present revision in the address a tile never changes, and a former state never does.
    private static func caching(_ call: Call, _ look: Look, uid: String, revision: Int64) -> String {
        let isFixed = (look.isFixed || call.target.query["revision"] == "\(revision)") && (look.labelRevision.map { call.target.query["labels"] == "\($0)" } ?? true)
        return isFixed && call.target.query["v"] == uid ? "private, max-age=31536000, immutable" : "no-cache"
    }

    private static func unknownTile(_ id: ObjectID, _ layout: PyramidLayout, z: Int, x: Int, y: Int) -> Problem {
        Problem(.tileUnknown, "image \(id) has no tile \(z)/\(x)/\(y); it has \(layout.levels.count) levels")
    }

    /// The map in memory; nil when the tile is drawn faster from the masks of its box than the map is made, or there is no map of so many.
    private func present(_ project: OpenProject, _ id: ObjectID, look: Look, z: Int) async throws -> ObjectMaps.Snapshot? {
        if let ready = project.objects.ready(id) { return ready }
        if look.state == nil, let image = try await project.project.image(id), image.removedAt == nil, image.width > 0, image.objects >= ObjectMapMaker.worthSaving {
            let levels = ObjectMapMaker.layout(of: image).levels.count
            if z >= levels - 2, z < levels, look.category == nil, project.objects.isMaking(id) { return nil }
        }
        return try await project.objects.objects(of: id)
    }

    /// From the stored masks, one by one.
    private func slow(_ call: Call, project: OpenProject, image id: ObjectID, look: Look, z: Int, x: Int, y: Int) async throws -> Response {
        guard let image = try await project.project.image(id), image.removedAt == nil else { throw Problem.unknownImage(id) }
        guard image.width > 0 else { throw Problem(.imageUnreadable, image.error ?? "\(image.name) cannot be read; import a good copy") }
        guard look.state == nil else {
            throw Problem(.valueInvalid, "the objects of image \(id) are too many to show how they were; leave state out")
        }
        let layout = ObjectMapMaker.layout(of: image)
        guard let region = OverlayTile.region(layout, z: z, x: x, y: y, margin: look.margin) else { throw Self.unknownTile(id, layout, z: z, x: x, y: y) }
        var masks: [StoredMask] = []
        let members = look.filter.members.map { (ids: Set($0.ids), areIn: $0.areIn) }
        for kind in [ObjectKind.region, .reject] where look.filter.kinds.contains(kind.rawValue) {
            masks += try await project.project.masks(image: id, box: region, kind: kind).filter { mask in
                look.filter.rules.map { $0.contains(mask.rule ?? "") } ?? true && look.filter.selection.map { $0.contains(mask.object) } ?? true
                    && members.map { $0.ids.contains(mask.object) == $0.areIn } ?? true
            }
        }
        let chosen = masks
        let etag = "\"\(image.uid)-\(image.revision)-\(z)-\(x)-\(y)-\(look.key)\""
        let bytes = try await services.work.run {
            OverlayTile.png(chosen.map(\.shown), layout: layout, z: z, x: x, y: y, style: look.style, color: look.color) ?? []
        }
        return Response.bytes(bytes, type: "image/png", etag: etag, cache: Self.caching(call, look, uid: image.uid, revision: image.revision), call: call)
    }

    // MARK: - Differences

    @Sendable func compare(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let image = try await services.image(call, in: project)
        let from = try Self.state("from", call) ?? 0
        let before = try await project.objects.objects(of: image.id, after: from)
        let after: ObjectMap
        if let to = try Self.state("to", call) {
            after = try await project.objects.objects(of: image.id, after: to)
        } else {
            guard let present = try await project.objects.objects(of: image.id) else { throw Problem(.valueInvalid, "the objects of image \(image.id) are too many to compare") }
            after = present.map
        }
        let difference = try await services.work.run { ObjectDifference(from: before, to: after, ObjectMap.Filter(kinds: [ObjectKind.region.rawValue])) }
        return .json([
            "counts": ["from": .integer(difference.counts.from), "to": .integer(difference.counts.to), "unchanged": .integer(difference.unchanged)],
            "added": .array(difference.added.map { .integer($0) }), "lost": .array(difference.lost.map { .integer($0) }),
            "changed": .array(difference.changed.map { ["from": .integer($0.from), "to": .integer($0.to), "iou": .number($0.iou)] }),
        ])
    }
}
