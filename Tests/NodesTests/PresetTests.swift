import Nodes
import Pipeline
import Testing

@Test func `every preset is a sound pipeline that ends in an archive`() throws {
    #expect(Preset.all.map(\.name) == ["standard", "plankton-scanner", "flow-imaging", "transmitted-light", "remote-sensing", "faded-contours"])
    for preset in Preset.all {
        let plan = try Plan(preset.graph, classes: AllNodes.classes)
        #expect(plan.steps.last?.nodeClass.kind == "export.ecotaxa", "\(preset.name)")
        #expect(plan.regionEnds == [Graph.End("objects", "regions")], "\(preset.name)")
        #expect(!preset.title.isEmpty && preset.help.hasSuffix("."), "\(preset.name)")
    }
    #expect(throws: UnknownPreset.self) { try Preset.named("none") }
}
