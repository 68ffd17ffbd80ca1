import Operations
import Testing

@Test func `column names are unique inside a group, and beside ZooProcess's with its prefix in all`() {
    for group in MeasureGroup.allCases { #expect(Set(group.columns.map(\.name)).count == group.columns.count, "\(group)") }
    let together = MeasureGroup.allCases.flatMap { $0 == .zooprocess ? MeasureGroup.distinctZooProcessColumns : $0.columns }.map(\.name)
    #expect(Set(together).count == together.count)
    #expect(together.contains("area") && together.contains("zooprocess_area") && !together.contains("zooprocess_mean"))
}

@Test func `every column says what it is, and where that comes from`() {
    for column in MeasureGroup.allCases.flatMap(\.columns) {
        #expect(!column.name.isEmpty && !column.title.isEmpty && column.definition.count > 3 && !column.source.isEmpty, "\(column.name)")
        #expect(column.equals?.isEmpty != true, "\(column.name)")
    }
    for group in MeasureGroup.allCases { #expect(!group.title.isEmpty && !group.help.isEmpty) }
}

@Test func `colour, focus, texture and moments name the tool they equal`() {
    let columns = MeasureGroup.color.columns + MeasureGroup.texture.columns + MomentMeasures.columns + WeightedMoments.columns + GrayQuantiles.columns
    for column in columns { #expect(column.equals != nil, "\(column.name)") }
    func peer(_ name: String) -> String? { MeasureGroup.shape.columns.first { $0.name == name }?.equals }
    #expect(peer("area") == "scikit-image area" && peer("bbox_min_x") == "scikit-image bbox-1")
    #expect(peer("area_um2") == "scikit-image area × pixel size²" && peer("feret_diameter_max_um") == "scikit-image feret_diameter_max × pixel size")
}

@Test func `names that end in a unit have it, and no others`() {
    for column in MeasureGroup.allCases.flatMap(\.columns) {
        #expect(column.name.hasSuffix("_um") == (column.unit == .micrometres), "\(column.name)")
        #expect(column.name.hasSuffix("_um2") == (column.unit == .squareMicrometres), "\(column.name)")
    }
}
