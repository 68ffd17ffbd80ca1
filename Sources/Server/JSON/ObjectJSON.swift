import Codecs
import Operations
import Pipeline
import Raster
import Store

enum ObjectJSON {
    static let box = Schema.object(["x": .integer, "y": .integer, "width": .integer, "height": .integer])
    static let schema = Schema.object([
        "id": .integer, "uid": .string, "image": .integer, "kind": .choice(ObjectKind.allCases.map(\.rawValue)), "box": .ref("Box"), "area": .integer,
        "active": .boolean.described("False when an edit or a run has taken it away; undo can bring it back."), "edited": .boolean, "parent?": .integer,
        "step?": .string.described("Step of the pipeline that found it; missing where it was drawn by hand."),
        "nInner": .integer, "rule?": .string, "touches": .integer.described("Borders: 1 left, 2 top, 4 right, 8 bottom."),
        "maskRevision": .integer, "label": LabelJSON.schema.nullable, "measurements": .map(.number),
        "outline?": .anyObject.described("GeoJSON geometry along pixel edges: pixel (x, y) covers x - 0.5 to x + 0.5."),
    ])

    static func value(_ box: Rect) -> JSONValue {
        ["x": .integer(box.x), "y": .integer(box.y), "width": .integer(box.width), "height": .integer(box.height)]
    }

    static func value(_ object: ObjectRecord, outline: JSONValue? = nil) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .integer(object.id), "uid": .string(object.uid), "image": .integer(object.image), "kind": .string(object.kind.rawValue),
            "box": value(object.box), "area": .integer(object.area), "active": .boolean(object.active), "edited": .boolean(object.edited), "nInner": .integer(object.nInner),
            "touches": .integer(object.touches), "maskRevision": .integer(object.maskRevision), "label": LabelJSON.value(object.label),
            "measurements": .object(object.measurements.dictionary.filter { $0.value.isFinite }.mapValues { .number($0) }),
        ]
        if let step = object.node { members["step"] = .string(step) }
        if let parent = object.parent { members["parent"] = .integer(parent) }
        if let rule = object.rule { members["rule"] = .string(rule) }
        if let outline { members["outline"] = outline }
        return .object(members)
    }

    /// GeoJSON geometry of a mask; rings are closed by repeating the first point.
    static func outline(of mask: Mask) -> JSONValue {
        let polygons: [JSONValue] = mask.polygons().map { rings in
            .array(rings.map { ring in .array((ring + ring.prefix(1)).map { [.number($0.x), .number($0.y)] }) })
        }
        if polygons.count == 1 { return ["type": "Polygon", "coordinates": polygons[0]] }
        return ["type": "MultiPolygon", "coordinates": .array(polygons)]
    }
}

extension StoredMask {
    /// What screens show: the mask, or the whole box of one that is damaged, so that it can be selected, deleted and replaced.
    var shown: Mask { (try? decoded()) ?? .full(box) }

    func decoded() throws -> Mask { try MaskPNG.decode(png, origin: (box.x, box.y), name: "the mask of object \(object)") }
}
