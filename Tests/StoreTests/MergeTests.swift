import Store
import Testing

@Test func `every table says how it is merged`() async throws {
    let (project, _) = try await Project.sample(in: TemporaryFolder())
    let tables = Set(try await project.tables())
    #expect(tables == Set(Project.mergeRules.keys))
}

@Test func `what one project knows of its images is in the other after a merge, and merging again changes nothing`() async throws {
    let folder = TemporaryFolder()
    let (whole, image) = try await Project.sample(in: folder)
    let regions = [region("r1"), region("r2", x: 100, width: 20)]
    _ = try await whole.storeResult(ImageResult(image: image, node: "objects", runKey: "a:b", regions: regions, rejects: []))
    try await whole.setMetadata(image, ["station": "7"], source: .hand, by: "anna")
    try await whole.addSampleImage("b")
    let images = try await whole.mergeImages()
    try whole.close()
    let other = try Project.create(folder: folder / "united", title: "united")
    let outcome = try await other.merge(folder / "plankton")
    #expect(outcome == MergeOutcome(images: 2, known: 0, objects: 2))
    let first = try #require(try await other.allImages().first)
    #expect(try await other.resultKey(image: first.id, node: "objects") == "a:b")
    #expect(try await other.mergeImages() == images)
    let again = try await other.merge(folder / "plankton")
    #expect(again == MergeOutcome(images: 0, known: images.count, objects: 0))
    #expect(try await other.mergeImages() == images)
    #expect(try await other.check().isEmpty)
}
