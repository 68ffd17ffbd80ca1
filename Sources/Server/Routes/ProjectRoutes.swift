import Foundation
import HTTPTypes
import Hummingbird
import Jobs
import Nodes
import Pipeline
import Store

/// Projects and the trash they go to.
struct ProjectRoutes: RouteGroup {
    let services: Services

    private struct NewProject: Decodable {
        var title: String
        var preset: String?
    }

    var routes: [Route] {
        let project = Schema.ref("Project")
        let trashed = Schema.object(["id": .string, "user": .string, "name": .string, "title": .string, "removedAt": .date])
        return [
            Route(
                .get, "/api/projects", "All projects of the root folder.", answers: [.json(.object(["projects": .array(project)]), "By title.")], handle: list),
            Route(
                .post, "/api/projects", "Creates a project with the standard pipeline, or that of a preset.", body: .json(.object(["title": .string, "preset?": .string])),
                answers: [.json(project, "Created.", status: .created, headers: ["Location"])],
                problems: ProblemCode.change + [.projectExists], handle: create),
            Route(.get, Route.project, "A project.", answers: [.json(project, "The project.")], handle: show),
            Route(
                .patch, Route.project,
                "Changes title or settings; `pattern` and `pixelSizeUm` are those of the import node, `losslessPyramids` counts for pyramids made from now on.",
                body: .json(.object(["title?": .string, "settings?": .object(["pattern?": .string, "pixelSizeUm?": .number.nullable, "losslessPyramids?": .boolean])])),
                answers: [.json(project, "As it is now.")], problems: ProblemCode.change + [.patternInvalid, .graphInvalid], handle: change),
            Route(
                .delete, Route.project, "Moves a project to the trash; nothing is deleted.", answers: [.empty("In the trash.")],
                problems: ProblemCode.change, handle: trash),
            Route(
                .get, "/api/trash", "Projects in the trash.", answers: [.json(.object(["projects": .array(trashed)]), "Newest first.")]
            ) { _ in
                let root = try services.rootFolder()
                let items = try await services.work.run { try root.trashedProjects() }
                return .json([
                    "projects": .array(
                        items.map {
                            [
                                "id": .string($0.id), "user": .string($0.user), "name": .string($0.name), "title": .string($0.title),
                                "removedAt": .date($0.trashedAt),
                            ]
                        })
                ])
            },
            Route(
                .post, "/api/trash/{id}/restore", "Brings a project back.", answers: [.json(project, "Back.", headers: ["Location"])],
                problems: ProblemCode.change + [.trashUnknown], handle: restore),
            Route(
                .delete, "/api/trash/{id}", "Deletes a project in the trash for good.", answers: [.empty("Deleted.")],
                problems: ProblemCode.change + [.trashUnknown], handle: deleteForGood),
        ]
    }

    @Sendable func list(_ call: Call) async throws -> Response {
        let root = try services.rootFolder()
        let open = Dictionary(await services.projects.all().map { ("\($0.user)/\($0.name)", $0) }, uniquingKeysWith: { $1 })
        var values: [(title: String, json: JSONValue)] = []
        for (user, name) in try await services.work.run({ try root.projectFolders() }) {
            if let project = open["\(user)/\(name)"] {
                // Its lock is ours, so the root folder cannot look inside.
                values.append((try await project.project.title(), try await value(project, withSettings: false)))
            } else {
                var summary = try await services.work.run { try root.summary(user: user, name: name) }
                // Opened here it would be read-only too.
                if services.configuration.isReadOnly { summary.isReadOnly = true }
                values.append((summary.title, ProjectJSON.value(summary)))
            }
        }
        values.sort { $0.title.localizedStandardCompare($1.title) == .orderedAscending }
        return .json(["projects": .array(values.map(\.json))])
    }

    @Sendable func create(_ call: Call) async throws -> Response {
        let body = try call.json(NewProject.self)
        let title = try Self.checkedTitle(body.title)
        var graph = Graph.standard
        if let name = body.preset {
            do { graph = try Preset.named(name).graph } catch { throw Problem(.valueInvalid, error.description, field: "preset") }
        }
        let root = try services.rootFolder()
        let user = call.account?.user ?? services.configuration.user
        let (project, name) = try await services.work.run { () throws -> (Project, String) in
            let project = try root.createProject(user: user, title: title)
            return (project, (project.folder as NSString).lastPathComponent)
        }
        let open = await services.projects.add(project, user: user, name: name)
        try await project.savePipelineGraph(graph)
        return .json(try await value(open), status: .created, headers: [.location: open.address])
    }

    @Sendable func show(_ call: Call) async throws -> Response { .json(try await value(try await services.open(call))) }

    @Sendable func change(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        guard let body = try call.json(JSONValue.self).objectValue else { throw Problem(.bodyInvalid, "the body must be an object with title or settings") }
        let by = call.account?.user ?? "local"
        if let title = body["title"] {
            guard let title = title.stringValue else { throw Problem(.bodyInvalid, "title has the wrong type; it must be a text", field: "title") }
            try await project.project.setTitle(try Self.checkedTitle(title), by: by)
        }
        if let settings = body["settings"] {
            guard case .object(let settings) = settings else {
                throw Problem(.bodyInvalid, "settings has the wrong type; it must be an object", field: "settings")
            }
            try await services.configureImport(project, pattern: settings["pattern"], pixelSize: settings["pixelSizeUm"])
            if let lossless = settings["losslessPyramids"] {
                guard case .boolean(let isLossless) = lossless else {
                    throw Problem(.bodyInvalid, "losslessPyramids has the wrong type; it must be true or false", field: "losslessPyramids")
                }
                try await project.project.setSetting(ImageImporter.losslessSetting, json: isLossless ? "true" : "false", by: by)
            }
            if let size = settings["pixelSizeUm"]?.numberValue { try await applyPixelSize(size, to: project) }
        }
        return .json(try await value(project))
    }

    /// Images that have no pixel size of their own get the project's.
    private func applyPixelSize(_ size: Double, to project: OpenProject) async throws {
        var changed: [ImageRecord] = []
        for image in try await project.project.allImages() where image.pixelSize == nil || image.pixelSizeSource == "project" {
            var change = ImageChange()
            change.pixelSize = .some(size)
            change.pixelSizeSource = "project"
            try await project.project.updateImage(image.id, change)
            changed.append(image)
        }
        if !changed.isEmpty { project.publish(.images(changed.map(\.id))) }
        try await project.measureAgain(changed)
    }

    @Sendable func trash(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let root = try services.rootFolder()
        guard !project.project.isReadOnly else {
            throw StoreError.readOnly(path: project.project.folder, reason: project.project.readOnlyReason ?? "it was opened for reading only")
        }
        let (user, name) = (project.user, project.name)
        try await services.projects.close(user: user, name: name)
        _ = try await services.work.run { try root.trashProject(user: user, name: name) }
        return .empty()
    }

    @Sendable func restore(_ call: Call) async throws -> Response {
        let root = try services.rootFolder()
        let item = try await find(call, root)
        let summary = try await unknownTrash {
            try await services.work.run {
                let (user, name) = try root.restoreProject(user: item.user, id: item.id)
                return try root.summary(user: user, name: name)
            }
        }
        return .json(ProjectJSON.value(summary), headers: [.location: "/api/projects/\(summary.user)/\(summary.name)"])
    }

    @Sendable func deleteForGood(_ call: Call) async throws -> Response {
        let root = try services.rootFolder()
        let item = try await find(call, root)
        try await unknownTrash { try await services.work.run { try root.deleteTrashed(user: item.user, id: item.id) } }
        return .empty()
    }

    /// The trash entry of that id; ids reach a path only when the trash itself lists them.
    private func find(_ call: Call, _ root: RootFolder) async throws -> TrashedProject {
        let id = call.parameter("id")
        guard let item = try await services.work.run({ try root.trashedProjects() }).first(where: { $0.id == id }) else {
            throw Problem(.trashUnknown, "there is no \"\(id.prefix(80))\" in the trash; GET /api/trash lists what is")
        }
        return item
    }

    private func unknownTrash<R: Sendable>(_ body: () async throws -> R) async throws -> R {
        do { return try await body() } catch let error as StoreError { throw Problem(error, unknown: .trashUnknown) }
    }

    private static func checkedTitle(_ title: String) throws(Problem) -> String {
        let title = title.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !title.isEmpty, title.utf8.count <= 500, title.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
            throw Problem(.valueInvalid, "the title must have 1 to 500 bytes in one line; change it", field: "title")
        }
        return title
    }

    private func value(_ project: OpenProject, withSettings: Bool = true) async throws -> JSONValue {
        var summary = try await project.project.summary(user: project.user)
        summary.name = project.name
        return ProjectJSON.value(summary, uid: project.project.uid, settings: withSettings ? try await services.importSettings(project) : nil)
    }
}
