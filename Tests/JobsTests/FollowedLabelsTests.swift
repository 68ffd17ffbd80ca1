import Codecs
import Foundation
import Jobs
import Nodes
import Pipeline
import Raster
import Store
import Testing

struct FollowedLabelsTests {
    private func region(_ uid: String, _ x: Int, _ y: Int, _ width: Int, _ height: Int) -> NewRegion {
        NewRegion(mask: .full(Rect(x: x, y: y, width: width, height: height)), uid: uid)
    }

    private func labelled(_ region: NewRegion) -> FollowedLabels.Labelled { .init(uid: region.uid, box: region.box, png: region.png) }

    private func followed(_ regions: [NewRegion], labelled: [NewRegion], known: Set<String> = []) throws -> (uids: [String], lost: Int) {
        let result = ImageResult(image: 1, node: "objects", runKey: "", regions: regions)
        let (after, lost) = try FollowedLabels.followed(in: result, labelled: labelled.map(self.labelled), known: known.union(labelled.map(\.uid)))
        return (after.regions.map(\.uid), lost)
    }

    @Test func `more than half of the pixels in common make one object, and no more than one`() throws {
        let old = region("old", 10, 10, 20, 20)
        #expect(try followed([region("new", 9, 9, 22, 22)], labelled: [old]) == (["old"], 0))
        #expect(try followed([region("a", 10, 10, 20, 10), region("b", 10, 20, 20, 10)], labelled: [old]) == (["a", "b"], 1), "a half is not more than a half")
        #expect(try followed([region("a", 10, 10, 20, 13), region("b", 10, 23, 20, 7)], labelled: [old]) == (["old", "b"], 0))
        #expect(try followed([region("big", 0, 0, 60, 60)], labelled: [old]) == (["big"], 1), "objects that ran together are another object")
        #expect(try followed([region("far", 100, 100, 20, 20)], labelled: [old]) == (["far"], 1))
        #expect(try followed([], labelled: [old]) == ([], 1))
    }

    @Test func `an identity that is there already decides before pixels do`() throws {
        let old = region("old", 10, 10, 20, 20)
        #expect(try followed([region("old", 10, 10, 3, 3), region("new", 9, 9, 22, 22)], labelled: [old]) == (["old", "new"], 0))
        #expect(try followed([region("other", 9, 9, 22, 22)], labelled: [old], known: ["other"]) == (["other"], 1))
    }

    @Test func `labels stay when another level moves every outline, and what is lost is told`() async throws {
        let temporary = try TemporaryProject()
        try await temporary.saveStandardGraph()
        let folder = try temporary.drawFrames(2)
        _ = try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)]), .init(type: "run"))
        var change = CategoryChange()
        change.name = "Copepoda"
        let category = try await temporary.project.addCategory(change, by: "ada")
        let before = try await temporary.project.objects(ObjectQuery()).items
        _ = try await temporary.project.setLabels(before.map { .init(object: $0.id, category: .id(category.id)) }, by: "ada")

        func threshold(_ offset: Double) -> (inout Graph) -> Void {
            { graph in
                for index in graph.nodes.indices where graph.nodes[index].kind == ThresholdNode.kind { graph.nodes[index].config["offset"] = .number(offset) }
            }
        }
        try await temporary.saveStandardGraph(threshold(6))
        let job = try #require(try await temporary.run(.init(type: "run")).first)
        let after = try await temporary.project.objects(ObjectQuery()).items
        let old = Dictionary(uniqueKeysWithValues: before.map { ($0.id, $0) })
        let stayed = after.filter { old[$0.id] != nil }
        #expect(stayed.contains { $0.area != old[$0.id]?.area } && stayed.allSatisfy { $0.label?.category == category.id && $0.uid == old[$0.id]?.uid })
        let lost = before.count - stayed.count
        #expect(lost < before.count / 4 && after.count > before.count / 2)
        #expect(job.outcome?.counts["labelsLost"] ?? 0 == lost)
        #expect((job.outcome?.summary.contains("not found any more") ?? false) == (lost > 0), "\(job.outcome?.summary ?? "")")
        // Back to the former level: all are there, with what was said of them.
        try await temporary.saveStandardGraph()
        _ = try await temporary.run(.init(type: "run"))
        let back = try await temporary.project.objects(ObjectQuery()).items
        #expect(back.map(\.uid).sorted() == before.map(\.uid).sorted() && back.allSatisfy { $0.label?.category == category.id })
    }
}
