import Raster
import Store

/// The part of a query that all lists of objects take.
extension ObjectQuery {
    enum Order: String, CaseIterable { case asc, desc }

    static let parameters: [Route.Query] = [
        .init(name: "blob", schema: .integer, help: "Only of this image."),
        .init(name: "kind", schema: .choice(["region", "reject", "all"]), help: "region."),
        .init(
            name: "where", schema: .string,
            help: """
                Conditions joined by ;, all of which hold: a column, one of = != < <= > >=, and a number (area>500;edited=1), for uid and rule a text and \
                = != or ~ (uid~2ab). | stands between several values (image=3|5), none for a missing one (esd_um!=none).
                """),
        .init(
            name: "sort", schema: .string,
            help: """
                id, uid, x, y, width, height, area, image, edited, touches, inner, revision, rule, a measured column, or similarity:ID, which puts the objects \
                that are most like object ID first; /reference/measures says how likeness is measured. Objects without a value come last.
                """),
        .init(name: "order", schema: .choice(Order.allCases.map(\.rawValue)), help: "asc."),
    ]

    init(_ call: Call, _ project: Project) async throws {
        self.init()
        image = try call.integer("blob", in: 1...Int.max).map(Int64.init)
        if let image, try await project.image(image) == nil { throw Problem.unknownImage(image) }
        if let text = call.target.query["box"], !text.isEmpty {
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
            guard numbers.count == 4, let x = numbers[0], let y = numbers[1], let width = numbers[2], let height = numbers[3],
                [x, y, width, height].allSatisfy({ abs($0) < 1e9 }), width >= 0, height >= 0
            else { throw Problem(.queryInvalid, "box must be x,y,width,height in image pixels; give four numbers", field: "box") }
            guard image != nil else { throw Problem(.queryInvalid, "box needs the image it lies in; give blob", field: "blob") }
            box = Rect(minX: Int(x.rounded(.down)), minY: Int(y.rounded(.down)), maxX: Int((x + width).rounded(.up)), maxY: Int((y + height).rounded(.up)))
        }
        switch call.target.query["kind"] {
        case nil, "", "region": break
        case "reject": kinds = [.reject]
        case "all": kinds = [.region, .reject]
        case let kind?: throw Problem(.queryInvalid, "kind is \"\(kind.prefix(20))\" but must be region, reject or all", field: "kind")
        }
        if call.target.query["ids"]?.isEmpty == false { ids = try Self.ids(call, most: 1000) }
        if let text = call.target.query["where"], !text.isEmpty {
            do { conditions = try ObjectCondition.parse(text) } catch { throw Problem(.queryInvalid, error.description, field: "where") }
        }
        if let text = call.target.query["sort"], !text.isEmpty {
            if text.hasPrefix("similarity:") {
                guard let id = Int64(text.dropFirst(11)), id > 0 else {
                    throw Problem(.queryInvalid, "sort is \"\(text.prefix(40))\"; write the id of an object behind similarity:", field: "sort")
                }
                similarTo = id
            } else {
                sort = text
            }
        }
        descending = try call.choice("order", Order.self) == .desc
    }

    /// The ids in the query `ids`.
    static func ids(_ call: Call, most: Int) throws(Problem) -> [ObjectID] {
        var ids: [ObjectID] = []
        for part in (call.target.query["ids"] ?? "").split(separator: ",").prefix(most + 1) {
            guard let id = Int64(part) else {
                throw Problem(.queryInvalid, "ids must be whole numbers with commas; \"\(part.prefix(20))\" is none", field: "ids")
            }
            ids.append(id)
        }
        guard ids.count <= most else { throw Problem(.queryInvalid, "ids names more than \(most) objects; ask for them in parts", field: "ids") }
        return ids
    }

    /// What the store finds wrong with a query is the query's fault.
    static func asked<Value: Sendable>(_ body: () async throws(StoreError) -> Value) async throws(Problem) -> Value {
        do {
            return try await body()
        } catch {
            if case .invalid(let sentence) = error { throw Problem(.queryInvalid, sentence) }
            throw Problem(error, unknown: .objectUnknown)
        }
    }
}
