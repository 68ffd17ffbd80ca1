import Foundation
import Pipeline
import Store

enum ProjectJSON {
    static let schema = Schema.object([
        "user": .string, "name": .string, "title": .string, "images": .integer, "objects": .integer, "bytes": .integer, "changedAt": .date,
        "readOnly": .boolean, "thumbnail?": .string, "problem?": .string.described("Why it cannot be opened now."),
        "uid?": .string.described("Identity of the project, whatever it is called and wherever it lies; of one that is open."),
        "settings?": .object(["pattern": .string, "pixelSizeUm": .number.nullable, "losslessPyramids": .boolean]),
    ])

    static func value(_ summary: ProjectSummary, uid: String? = nil, settings: JSONValue? = nil) -> JSONValue {
        var members: [String: JSONValue] = [
            "user": .string(summary.user), "name": .string(summary.name), "title": .string(summary.title), "images": .integer(summary.images),
            "objects": .integer(summary.objects), "bytes": .integer(summary.bytes), "changedAt": .date(summary.changedAt),
            "readOnly": .boolean(summary.isReadOnly),
        ]
        if let problem = summary.problem { members["problem"] = .string(problem) }
        if let image = summary.firstImage { members["thumbnail"] = .string("/api/projects/\(summary.user)/\(summary.name)/blobs/\(image)/thumbnail") }
        if let uid { members["uid"] = .string(uid) }
        if let settings { members["settings"] = settings }
        return .object(members)
    }
}
