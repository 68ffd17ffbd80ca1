import ArgumentParser
import Foundation
import Store

struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take images out of a project, for example such whose files are gone.",
        discussion: """
            They go to the project's trash with their objects, as from the Images page; --restore brings them back. Files of images are never touched, so an \
            image that still lies in its folder comes back when that folder is imported or run again. Either all that are named are removed, or none.
            """)

    @Argument(help: "Project folder.", completion: .directory)
    var project: String

    @Argument(help: "Names of images as tables and messages show them, or their numbers.")
    var images: [String]

    @Flag(help: "Bring the images back from the trash.")
    var restore = false

    func validate() throws {
        if images.isEmpty { throw ValidationError("name the images") }
    }

    func run() async throws {
        try await reportingFailure {
            try await withProject(project) { project in
                let candidates = restore ? try await project.removedImages() : try await project.allImages()
                var chosen: [ImageRecord] = []
                for text in images {
                    let image = try find(text, among: candidates)
                    if !chosen.contains(where: { $0.id == image.id }) { chosen.append(image) }
                }
                for image in chosen {
                    if restore { try await project.restoreImage(image.id) } else { try await project.removeImage(image.id) }
                    print(printable("\(restore ? "brought back" : "removed") \(image.name) with \(image.objects) object\(image.objects == 1 ? "" : "s")"))
                }
            }
        }
    }

    /// A name goes before a number, since images may be called like one.
    private func find(_ text: String, among images: [ImageRecord]) throws -> ImageRecord {
        let named = images.filter { $0.name == text }
        if let only = named.first, named.count == 1 { return only }
        guard named.isEmpty else {
            throw Sentence("\(named.count) images are called \(text); give their numbers instead: \(named.prefix(20).map { "\($0.id)" }.joined(separator: ", "))")
        }
        if let id = ObjectID(text), let image = images.first(where: { $0.id == id }) { return image }
        let names = images.prefix(5).map(\.name).joined(separator: ", ") + (images.count > 5 ? " …" : "")
        throw Sentence(
            "there is no image \(text) in the \(restore ? "project's trash" : "project"), so none was \(restore ? "brought back" : "removed"); "
                + (images.isEmpty ? "it holds none" : "it holds \(names)"))
    }
}
