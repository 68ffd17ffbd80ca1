import Foundation
import Nodes
import Store
import Testing

private func withProject(_ body: (Project) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-categories-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let project = try Project.create(folder: folder, title: "categories")
    defer { try? project.close() }
    try await body(project)
}

@Test func `two files that name the same new category at the same time mean one`() async throws {
    try await withProject { project in
        // Both have looked before either makes it, as two images on two workers do.
        var first = try await CategoryImport(project, by: "import")
        var second = try await CategoryImport(project, by: "import")
        let one = try await first.id(of: NamedCategory(name: "Détritus", parent: "not-living"))
        let two = try await second.id(of: NamedCategory(name: "Détritus", parent: "not-living"))
        let three = try await second.id(of: NamedCategory(name: "Détritus<not-living"))
        #expect(one == two && two == three)
        let names = try await project.categories().map(\.name).sorted()
        #expect(names == ["Détritus", "not-living"])
    }
}

@Test func `a name that cannot be one is still refused`() async throws {
    try await withProject { project in
        var categories = try await CategoryImport(project, by: "import")
        do {
            _ = try await categories.id(of: NamedCategory(name: "copepod", taxon: -3))
            Issue.record("a number below 1 is no category of EcoTaxa")
        } catch is StoreError {}
    }
}
