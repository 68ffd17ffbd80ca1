import Codecs
import Foundation
import HTTPTypes
import Hummingbird
import Jobs
import Nodes
import Pipeline
import Store

/// Images that are on this machine already, and what their names mean.
struct ImportRoutes: RouteGroup {
    let services: Services

    private struct PreviewBody: Decodable { var path: String?; var names: [String]?; var pattern: String }
    /// Beside the type, where the import is begun as any other job.
    static let members = ["path", "pattern", "pixelSizeUm"]

    private struct PatternBody: Decodable { var pattern: String }

    var routes: [Route] {
        let match = Schema.object(["matched": .array(.object(["name": .string, "fields": .map(.string)])), "unmatched": .array(.string), "files": .integer])
        return [
            Route(
                .post, Route.project + "/imports", "Indexes a folder of this machine in place, as a job. Pattern and pixel size, when given, are kept.",
                body: .json(.object(["path": .string, "pattern?": .string, "pixelSizeUm?": .number.nullable])),
                answers: [.json(.ref("Job"), "Queued.", status: .accepted, headers: ["Location"])],
                problems: ProblemCode.change + [.folderUnknown, .patternInvalid, .graphInvalid, .jobTypeUnknown]
            ) { call in
                let project = try await services.open(call)
                guard case .object(let members) = try call.json(JSONValue.self) else { throw Problem(.bodyInvalid, "the body must be an object with a path") }
                return try await start(project, members)
            },
            Route(
                .post, Route.project + "/imports/preview", "What a file-name pattern finds in the names of a folder, or in given names.",
                body: .json(.object(["path?": .string, "names?": .array(.string), "pattern": .string])),
                answers: [.json(match, "At most 1,000 of each list.")], problems: [.patternInvalid, .folderUnknown, .valueInvalid], handle: preview),
            Route(
                .post, Route.project + "/metadata/pattern", "Applies a pattern to the names of all images and keeps it.",
                body: .json(.object(["pattern": .string])), answers: [.json(.object(["matched": .integer, "unmatched": .array(.string)]), "Applied.")],
                problems: ProblemCode.change + [.patternInvalid, .graphInvalid], handle: apply),
        ]
    }

    func start(_ project: OpenProject, _ members: [String: JSONValue]) async throws -> Response {
        guard let path = members["path"]?.stringValue, !path.isEmpty else {
            throw Problem(.bodyInvalid, "the body has no \"path\"; give the full path of a folder", field: "path")
        }
        try await checkFolder(path)
        try await services.configureImport(project, pattern: members["pattern"], pixelSize: members["pixelSizeUm"])
        return try await JobRoutes(services: services).start(project, type: "import", parameters: ["path": .string(path)])
    }

    private func checkFolder(_ path: String) async throws {
        guard path.hasPrefix("/"), !path.unicodeScalars.contains("\0") else {
            throw Problem(.folderUnknown, "\"\(path.prefix(200))\" is not a full path; begin it with /", field: "path")
        }
        try await services.work.run {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue, access(path, R_OK | X_OK) == 0 else {
                throw Problem(.folderUnknown, "\(path.prefix(200)) is not a folder that ship can read; check the path and its permissions", field: "path")
            }
        }
    }

    @Sendable func preview(_ call: Call) async throws -> Response {
        _ = try await services.open(call)
        let body = try call.json(PreviewBody.self)
        let pattern = try Self.pattern(body.pattern)
        var names = body.names ?? []
        if let path = body.path {
            try await checkFolder(path)
            names = try await services.work.run {
                try FolderHandle(path: path).files(below: "") { !$0.hasPrefix(".") }.filter(ImageFile.isNamedAsImage).sorted()
            }
        }
        let known = names
        return .json(
            try await services.work.run {
                var matched: [JSONValue] = []
                var unmatched: [JSONValue] = []
                for name in known {
                    if let fields = pattern.match(name) {
                        if matched.count < 1000 { matched.append(["name": .string(name), "fields": .object(fields.mapValues { .string($0) })]) }
                    } else if unmatched.count < 1000 {
                        unmatched.append(.string(name))
                    }
                }
                return ["matched": .array(matched), "unmatched": .array(unmatched), "files": .integer(known.count)]
            })
    }

    @Sendable func apply(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let body = try call.json(PatternBody.self)
        try await services.configureImport(project, pattern: .string(body.pattern), pixelSize: nil)
        let importer = try await ImageImporter(project: project.project)
        var matched = 0
        var unmatched: [JSONValue] = []
        var calibrated: [ImageRecord] = []
        let images = try await project.project.allImages()
        for image in images {
            if try await importer.applyNames(to: image) { matched += 1 } else { unmatched.append(.string(image.name)) }
            if try await project.project.image(image.id)?.pixelSize != image.pixelSize { calibrated.append(image) }
        }
        project.publish(.images(images.map(\.id)))
        try await project.measureAgain(calibrated)
        return .json(["matched": .integer(matched), "unmatched": .array(unmatched)])
    }

    static func pattern(_ text: String) throws(Problem) -> FileNamePattern {
        do throws(FileNamePatternError) { return try FileNamePattern(text) } catch {
            throw Problem(.patternInvalid, error.description, field: "pattern")
        }
    }
}
