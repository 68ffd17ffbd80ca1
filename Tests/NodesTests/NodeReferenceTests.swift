import Nodes
import Pipeline
import Testing

@Test func `the reference says everything that a node class declares`() {
    let (markdown, html) = (NodeReference.markdown(), NodeReference.html())
    for each in AllNodes.classes {
        #expect(markdown.contains("## `\(each.kind)`"))
        #expect(html.contains("id=\"\(each.kind)\""))
        for slot in each.inputs + each.outputs { #expect(markdown.contains("| `\(slot.name)` |")) }
        for parameter in each.parameters { #expect(markdown.contains("| `\(parameter.name)` |")) }
    }
    // Titles and helps may hold anything; none of it is markup.
    #expect(!html.contains("<script"))
}

@Test func `one kind or one group can be asked for`() {
    #expect(NodeReference.classes("segment.threshold")?.map(\.kind) == ["segment.threshold"])
    #expect((NodeReference.classes("measure")?.count ?? 0) > 3)
    #expect(NodeReference.classes(nil)?.count == AllNodes.classes.count)
    #expect(NodeReference.classes("dance") == nil)
}
