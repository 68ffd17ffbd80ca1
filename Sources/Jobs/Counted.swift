/// "1 image", "2 images"; for nouns whose plural ends in s.
func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
