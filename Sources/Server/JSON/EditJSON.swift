import Pipeline
import Store

enum EditJSON {
    static let schema = Schema.object([
        "id": .integer, "image": .integer, "operation": .string, "summary": .string, "at": .date, "by": .string, "undone": .boolean,
        "superseded": .boolean.described("Undone, then followed by another edit: cannot come back."),
    ])
    static let outcome = Schema.object([
        "edit": .integer, "operation": .string, "created": .array(.ref("Object")), "removed": .array(.integer), "revised": .array(.ref("Object")),
        "box": .ref("Box"), "revision": .integer, "canUndo": .boolean, "canRedo": .boolean,
    ])

    static func value(_ edit: EditRecord) -> JSONValue {
        [
            "id": .integer(edit.id), "image": .integer(edit.image), "operation": .string(edit.operation), "summary": .string(edit.summary),
            "at": .date(edit.at), "by": .string(edit.by), "undone": .boolean(edit.state != .done), "superseded": .boolean(edit.state == .superseded),
        ]
    }

    static func value(_ outcome: EditOutcome, created: [JSONValue], revised: [JSONValue]) -> JSONValue {
        [
            "edit": .integer(outcome.edit), "operation": .string(outcome.operation), "created": .array(created),
            "removed": .array(outcome.removed.map { .integer($0) }), "revised": .array(revised),
            "box": ObjectJSON.value(outcome.box), "revision": .integer(outcome.revision), "canUndo": .boolean(outcome.canUndo),
            "canRedo": .boolean(outcome.canRedo),
        ]
    }
}
