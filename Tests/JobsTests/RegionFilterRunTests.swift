import Foundation
import Jobs
import Nodes
import Pipeline
import Store
import Testing

private func filtering(_ rules: String) -> Graph {
    var graph = Graph.standard
    graph.nodes.append(.init(name: "sieve", kind: "regions.filter", config: ["rules": .string(rules)]))
    for (from, to) in [(Graph.End("objects", "regions"), Graph.End("sieve", "regions")), (.init("shape", "measurements"), .init("sieve", "measurements")), (.init("graylevels", "measurements"), .init("sieve", "measurements"))] {
        graph.edges.append(.init(from: from, to: to))
    }
    for index in graph.edges.indices where graph.edges[index].to == .init("ecotaxa", "regions") { graph.edges[index].from = .init("sieve", "regions") }
    return graph
}

@Test func `a filter that is put in drops objects, keeps the others' identity and measures, and taken out gives them back`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(2)
    _ = try await temporary.run(.init(type: "import", parameters: ["path": .string(frames)]), .init(type: "run"))
    let project = temporary.project
    func objects() async throws -> [String: ObjectRecord] {
        var all: [String: ObjectRecord] = [:]
        for image in try await project.allImages() { for object in try await project.allObjects(of: image.id) { all[object.uid] = object } }
        return all
    }
    let before = try await objects()
    let areas = before.values.compactMap { $0.measurements["area"] }.sorted()
    try #require(areas.count >= 4)
    let limit = areas[areas.count / 2]
    try await project.savePipelineGraph(filtering("area >= \(Int(limit)); intensity_mean < 256"))
    let jobs = try await temporary.run(.init(type: "run"))
    let after = try await objects()
    #expect(Set(after.keys) == Set(before.filter { ($0.value.measurements["area"] ?? 0) >= limit }.keys))
    for (uid, object) in after { #expect(object.measurements["area"] == before[uid]?.measurements["area"] && object.measurements["intensity_mean"] == before[uid]?.measurements["intensity_mean"]) }
    #expect(jobs[0].outcome?.counts["reject.area < \(Int(limit))"] == before.count - after.count, "\(jobs)")
    var rejects = ObjectQuery()
    rejects.kinds = [.reject]
    #expect(try await project.objects(rejects).items.contains { $0.rule == "area < \(Int(limit))" })
    // The archive takes them without another word.
    let plan = try await ProjectPipeline(project: project).plan()
    let step = try #require(plan.steps.first { $0.node is EcoTaxaExportNode })
    let findings = try await EcoTaxaExportNode().check(ObjectCollection(pipeline: ProjectPipeline(project: project), plan: plan, step: step))
    #expect(!findings.contains { $0.severity == .error }, "\(findings)")
    try await temporary.saveStandardGraph()
    _ = try await temporary.run(.init(type: "run"))
    #expect(Set(try await objects().keys) == Set(before.keys))
}

@Test func `a rule on what nothing measures ends the run before the first image`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.project.savePipelineGraph(filtering("wings > 2"))
    let frames = try temporary.drawFrames(1)
    let jobs = try await temporary.run(.init(type: "import", parameters: ["path": .string(frames)]), .init(type: "run"))
    #expect(jobs.last?.state == .failed && jobs.last?.error?.contains("the filter's rule on “wings” needs a column") == true, "\(jobs)")
}
