import Nodes
import Pipeline
import Testing

@Test func `kinds are unique and of the form group dot name`() {
    #expect(Set(AllNodes.classes.map(\.kind)).count == AllNodes.classes.count)
    for kind in AllNodes.classes.map(\.kind) { #expect(kind.wholeMatch(of: /[a-z]+\.[a-zA-Z]+/) != nil, "\(kind)") }
}

@Test func `every node and parameter says what it is for`() {
    for nodeClass in AllNodes.classes {
        #expect(!nodeClass.title.isEmpty && !nodeClass.help.isEmpty, "\(nodeClass.kind)")
        for parameter in nodeClass.parameters { #expect(!parameter.label.isEmpty && !parameter.help.isEmpty, "\(nodeClass.kind).\(parameter.name)") }
        for slot in nodeClass.inputs + nodeClass.outputs { #expect(!slot.help.isEmpty, "\(nodeClass.kind).\(slot.name)") }
    }
}

@Test func `defaults are allowed values`() throws {
    for nodeClass in AllNodes.classes {
        let node = try nodeClass.make(nodeClass.defaults)
        #expect(nodeClass.configuration(of: node) == nodeClass.defaults)
    }
}

@Test func `the declaration carries a JSON schema of every parameter`() {
    for nodeClass in AllNodes.classes {
        guard case .object(let properties)? = nodeClass.json["schema"]?["properties"] else {
            Issue.record("\(nodeClass.kind) has no schema")
            continue
        }
        #expect(Set(properties.keys) == Set(nodeClass.parameters.map(\.name)))
    }
}

@Test func `the standard graph is sound and ends in an archive`() throws {
    let plan = try Plan(.standard, classes: AllNodes.classes)
    #expect(plan.steps.last?.nodeClass.kind == "export.ecotaxa")
    #expect(plan.regionEnds == [Graph.End("objects", "regions")])
    #expect(plan.measurementEnds(of: Graph.End("objects", "regions")).map(\.node) == ["shape", "graylevels"])
}
