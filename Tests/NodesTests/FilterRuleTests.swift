import Nodes
import Testing

@Test func `rules are read in any form that people write them in`() throws {
    for text in ["area >= 400; circularity>0.3 ; mean < 180", "area ≥ 400\ncircularity > .3\nmean<1.8e2", " area >= 400 and circularity > 0.3 AND mean < 180 ;", "area>=400;;circularity>0.3;mean<180."] {
        let rules = try FilterRule.list(text)
        #expect(rules.map(\.column) == ["area", "circularity", "mean"] && rules.map(\.comparison) == [.atLeast, .above, .below] && rules.map(\.limit) == [400, 0.3, 180], "\(text)")
    }
    #expect(try FilterRule.list("").isEmpty && FilterRule.list(" ;\n and ").isEmpty)
    #expect(try FilterRule.list("a = -1; b == 2; c != +3; d <= 4").map(\.comparison) == [.equal, .equal, .unequal, .atMost])
}

@Test(arguments: ["area", "area >", "> 4", "area > x", "area > 0,5", "area > 4 5 6 mean < 3", "area > nan", "area > 1e999", "3 < area", "a b > c", "area > 1 < 3"])
func `what is no rule is named`(text: String) {
    do throws(FilterRuleError) {
        _ = try FilterRule.list(text)
        Issue.record("“\(text)” was taken")
    } catch { #expect(error.description.hasPrefix("comparisons such as area >= 400") && error.description.contains("“")) }
}

@Test func `a rule's reason is its opposite, and nothing passes without a value`() throws {
    for (text, value, passes, reason) in [
        ("area >= 400", 400.0, true, "area < 400"), ("area >= 400", 399.9, false, "area < 400"), ("area > 400", 400, false, "area <= 400"), ("mean <= 7.50", 7.5, true, "mean > 7.50"),
        ("mean < 7.5", 7.5, false, "mean >= 7.5"), ("n = 2", 2, true, "n != 2"), ("n != 2", 2, false, "n = 2"),
    ] {
        let rule = try #require(try FilterRule.list(text).first)
        #expect(rule.passes(value) == passes && rule.reason(for: value) == reason)
        #expect(!rule.passes(nil) && rule.reason(for: nil) == "no \(rule.column)")
    }
}
