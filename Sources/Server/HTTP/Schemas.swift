/// Shapes that several routes share.
enum Schemas {
    /// Path parameters that are whole numbers.
    static let numericParameters: Set<String> = ["image", "object", "job", "category", "edit", "z", "x", "y"]

    static let components: [String: Schema] = [
        "Problem": .object([
            "type": .string, "title": .string, "code": .choice(ProblemCode.allCases.map(\.rawValue).sorted()), "status": .integer,
            "detail": .string.described("What is wrong and what to do."), "field?": .string, "errors?": .array(.string),
            "current?": .object(["revision": .integer, "objects": .array(.ref("Object")), "removed": .array(.integer)])
                .described("Of edit.conflict: the newer state of the objects it is about."),
            "faults?": .array(.object(["index": .integer, "sentence": .string])).described("Of metadata.invalid: which of the changes, and why."),
            "edited?": .array(.object(["image": .integer, "name": .string, "edited": .integer, "removed": .integer]))
                .described("Of run.editedObjects: by image, objects made or changed and objects taken away by hand."),
        ]),
        "Session": .object(["user": .string, "version": .string, "readOnly": .boolean]),
        "Project": ProjectJSON.schema,
        "Job": JobJSON.schema,
        "NodeTally": JobJSON.tally,
        "Area": AreaRoutes.area,
        "Image": ImageJSON.schema,
        "Object": ObjectJSON.schema,
        "Box": ObjectJSON.box,
        "Edit": EditJSON.schema,
        "Category": LabelJSON.category,
        "EditOutcome": EditJSON.outcome,
        "Graph": GraphRoutes.graph,
    ]
}
