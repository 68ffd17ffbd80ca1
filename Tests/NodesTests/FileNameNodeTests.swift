import Nodes
import Pipeline
import Testing

private func sayings(_ config: [String: JSONValue], of name: String) throws -> ImageSayings {
    try #require(try NodeClass(FileNameNode.self).make(config) as? FileNameNode).metadata(of: name, exif: { nil })
}

@Test func `fields of the pattern become fields of the archive, all or those that are wanted`() throws {
    let pattern: JSONValue = "{cruise}_{station:d}_{depth:f}_{pixel_um:f}"
    let name = "deck/PS130_007_12.5_5.3.tif"
    #expect(try sayings(["pattern": pattern], of: name) == ImageSayings(fields: ["sample_cruise": "PS130", "sample_station": "7", "object_depth": "12.5"], pixelSize: 5.3))
    #expect(try sayings(["pattern": pattern, "fields": "station, depth"], of: name) == ImageSayings(fields: ["sample_station": "7", "object_depth": "12.5"]))
    #expect(try sayings(["pattern": pattern], of: "other.tif") == ImageSayings(isSilent: true))
    #expect(try sayings([:], of: name) == ImageSayings())
}

@Test func `a pattern that is wrong is refused with the place`() {
    do throws(ConfigurationError) {
        _ = try NodeClass(FileNameNode.self).make(["pattern": "{station"])
        Issue.record("a pattern without an end was taken")
    } catch { #expect(error.problems.first?.contains("the field that begins here has no end") == true, "\(error)") }
}
