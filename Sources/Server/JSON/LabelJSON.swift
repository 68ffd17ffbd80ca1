import Pipeline
import Store

enum LabelJSON {
    static let status = Schema.choice(LabelStatus.allCases.map(\.rawValue))
    static let schema = Schema.object([
        "category": .integer, "status": status, "score": Schema.number.nullable, "source": .choice(LabelSource.allCases.map(\.rawValue)), "by": .string,
        "at": .date,
    ])
    static let category = Schema.object([
        "id": .integer, "name": .string, "parent": Schema.integer.nullable, "color": .string.described("#RRGGBB"),
        "key": Schema.integer.nullable.described("Digit, 1 to 9, that labels with it."), "taxon": Schema.integer.nullable.described("EcoTaxa's number of it."),
        "count": .integer.described("Objects of this very category."),
    ])
    static let step = Schema.object([
        "batch": .integer, "by": .string, "at": .date, "before": schema.nullable, "after": schema.nullable,
        "edit?": .integer.described("The edit whose rule it followed."), "undoes?": .integer,
    ])

    static func value(_ label: LabelRecord?) -> JSONValue {
        guard let label else { return .null }
        return [
            "category": .integer(label.category), "status": .string(label.status.rawValue), "score": .optional(label.score),
            "source": .string(label.source.rawValue), "by": .string(label.by), "at": .date(label.at),
        ]
    }

    static func value(_ category: CategoryRecord) -> JSONValue {
        [
            "id": .integer(category.id), "name": .string(category.name), "parent": category.parent.map { .integer($0) } ?? .null,
            "color": .string(category.color), "key": category.key.map { .integer($0) } ?? .null, "taxon": category.taxon.map { .integer($0) } ?? .null,
            "count": .integer(category.count),
        ]
    }

    static func value(_ step: LabelChangeRecord) -> JSONValue {
        var members: [String: JSONValue] = [
            "batch": .integer(step.batch), "by": .string(step.by), "at": .date(step.at), "before": value(step.before), "after": value(step.after),
        ]
        if let edit = step.edit { members["edit"] = .integer(edit) }
        if let undoes = step.undoes { members["undoes"] = .integer(undoes) }
        return .object(members)
    }
}
