use proptest::prelude::*;

use super::*;

fn html(input: &str) -> String {
    parse(input).unwrap_or_else(|error| panic!("{input}: {error}")).html
}

fn error(input: &str) -> String {
    parse(input).expect_err(input).to_string()
}

fn no_names(_: Gid) -> Option<String> {
    None
}

fn text(input: &str) -> String {
    plain(&html(input), &|gid| (gid == Gid::new(1)).then(|| "@Ada".to_owned()))
}

#[test]
fn canonical_text_stays_as_it_is() {
    for input in [
        "<body></body>",
        "<body>Hi <strong>b</strong> <em>i</em> <u>u</u> <s>s</s> <code>c</code> &amp; &lt;&gt; \"'</body>",
        "<body>a\nb\n<ol><li>1<ul><li>2</li></ul></li></ol><hr/><h1>x</h1><h2>y</h2></body>",
        "<body><pre>x  y</pre><blockquote>q</blockquote><strong></strong></body>",
        "<body><a href=\"https://x.org/?a=1&amp;b=&quot;\">x</a> <a href=\"mailto:a@b.c\">m</a></body>",
        "<body><a data-asana-gid=\"12\" data-asana-type=\"task\" data-asana-project=\"3\"/></body>",
        "<body><img data-asana-gid=\"5\" data-asana-type=\"attachment\" alt=\"cat\" width=\"10\"/></body>",
        "<body><img src=\"https://x.org/a.png\"/></body>",
        "<body><table data-cell-widths=\"10,20\"><tr><td data-cell-background-color=\"red\">a</td></tr></table></body>",
        "<body>\u{1f600} \u{fffd} \t</body>",
    ] {
        assert_eq!(html(input), input);
    }
}

#[test]
fn other_spellings_become_canonical() {
    for (input, expected) in [
        (" \n<body>x</body>\n", "<body>x</body>"),
        ("<body/>", "<body></body>"),
        ("<body >x</body >", "<body>x</body>"),
        (
            "<body><b>1</b><i>2</i><tt>3</tt></body>",
            "<body><strong>1</strong><em>2</em><code>3</code></body>",
        ),
        ("<body>&quot;&apos;&#65;&#x1F600;></body>", "<body>\"'A\u{1f600}&gt;</body>"),
        ("<body>a\r\nb\rc&#13;d</body>", "<body>a\nb\nc\nd</body>"),
        (
            "<body><hr></hr><img src='http://x/\"'></img></body>",
            "<body><hr/><img src=\"http://x/&quot;\"/></body>",
        ),
        ("<body style='x' class='y'><p1/></body>".replace("<p1/>", "").as_str(), "<body></body>"),
        (
            "<body><a target='_blank' rel='x' href = ' HTTPS://x.org '/></body>",
            "<body><a href=\"HTTPS://x.org\">HTTPS://x.org</a></body>",
        ),
        (
            "<body><a href='https://x' data-asana-accessible='false' data-asana-dynamic='true'>Private Link</a></body>",
            "<body><a href=\"https://x\">Private Link</a></body>",
        ),
        (
            "<body><img data-src-width='1' data-asana-gid='5' src='/x' style='y' data-thumbnail-url='z'/></body>",
            "<body><img data-asana-gid=\"5\"/></body>",
        ),
        (
            "<body><a href='https://x?a\n&#9;b'>c</a></body>",
            "<body><a href=\"https://x?a  b\">c</a></body>",
        ),
    ] {
        assert_eq!(html(input), expected, "{input}");
    }
}

#[test]
fn a_link_to_an_object_keeps_only_the_gid() {
    let sent = "<body>See <a href=\"https://v/0/0/12\" data-asana-gid=\"012\" data-asana-accessible=\"true\" \
        data-asana-type=\"task\" data-asana-dynamic=\"true\">Secret <strong>plan</strong></a>, \
        <a data-asana-gid=\"7\"/> and <a data-asana-gid=\"12\">x<img data-asana-gid='9'/></a></body>";

    let found = parse(sent).unwrap();

    assert_eq!(
        found.html,
        "<body>See <a data-asana-gid=\"12\" data-asana-type=\"task\"/>, <a data-asana-gid=\"7\"/> \
         and <a data-asana-gid=\"12\"/></body>"
    );
    assert_eq!(found.mentions, [Gid::new(12), Gid::new(7)]);
}

#[test]
fn what_is_wrong_is_named() {
    for (input, message) in [
        ("", "it must be one <body> element"),
        ("hello", "it must be one <body> element"),
        ("<strong>x</strong>", "it must be one <body> element"),
        ("<body/><body/>", "it must be one <body> element"),
        ("<body/>x", "it must be one <body> element"),
        ("\u{feff}<body/>", "it must be one <body> element"),
        ("<body><body/></body>", "<body> is not allowed inside <body>"),
        ("<body><p>x</p></body>", "unsupported tag <p>"),
        ("<body><script/></body>", "unsupported tag <script>"),
        ("<body><STRONG/></body>", "unsupported tag <STRONG>"),
        ("<body><x:a/></body>", "unsupported tag <x:a>"),
        (
            "<body><object type='application/vnd.asana.project_status'/></body>",
            "unsupported tag <object>",
        ),
        ("<body><em onclick='x'/></body>", "unsupported attribute onclick in <em>"),
        ("<body><a href='https://x' id='y'/></body>", "unsupported attribute id in <a>"),
        (
            "<body><a href='javascript:x'/></body>",
            "href of <a> must be an http, https or mailto address",
        ),
        ("<body><a href='/1/2'/></body>", "href of <a> must be an http, https or mailto address"),
        ("<body><a href=''>x</a></body>", "href of <a> must be an http, https or mailto address"),
        (
            "<body><a href='httpé'>x</a></body>",
            "href of <a> must be an http, https or mailto address",
        ),
        ("<body><img src='data:x'/></body>", "src of <img> must be an http or https address"),
        (
            "<body><a data-asana-gid='x'/></body>",
            "data-asana-gid of <a> must be a gid, which is digits",
        ),
        (
            "<body><img data-asana-gid='1' width='9px'/></body>",
            "width of <img> must be a number of pixels",
        ),
        ("<body><a>x</a></body>", "<a> needs href or data-asana-gid"),
        ("<body><img/></body>", "<img> needs src or data-asana-gid"),
        (
            "<body><a href='https://x'><em><a href='https://y'/></em></a></body>",
            "<a> is not allowed inside <a>",
        ),
        ("<body><hr>x</hr></body>", "<hr> must be empty"),
        ("<body><hr><em/></hr></body>", "<hr> must be empty"),
        ("<body><em>x</body>", "</body> stands where </em> must"),
        ("<body><b>x</strong></body>", "</strong> stands where </b> must"),
        ("<body><em>x", "<em> is not closed"),
        ("<body></body></body>", "a closing tag closes nothing (at byte 20)"),
        ("<body><!-- x --></body>", "comments are not allowed (at byte 6)"),
        ("<body><![CDATA[x]]></body>", "CDATA sections are not allowed (at byte 6)"),
        ("<!DOCTYPE x><body/>", "document types are not allowed (at byte 0)"),
        ("<?xml version='1.0'?><body/>", "processing instructions are not allowed (at byte 0)"),
        ("<body>a & b</body>", "\"&\" must be written as \"&amp;\" (at byte 8)"),
        (
            "<body>&nbsp;</body>",
            "unknown entity; only amp, lt, gt, quot, apos and numbers are known (at byte 6)",
        ),
        (
            "<body>&#0;</body>",
            "unknown entity; only amp, lt, gt, quot, apos and numbers are known (at byte 6)",
        ),
        (
            "<body>&#+65;</body>",
            "unknown entity; only amp, lt, gt, quot, apos and numbers are known (at byte 6)",
        ),
        (
            "<body>&#xD800;</body>",
            "unknown entity; only amp, lt, gt, quot, apos and numbers are known (at byte 6)",
        ),
        ("<body>é\u{1}</body>", "a control character is not allowed (at byte 8)"),
        ("<body>\u{ffff}</body>", "a control character is not allowed (at byte 6)"),
        ("<body>]]></body>", "\"]]>\" must be written as \"]]&gt;\" (at byte 6)"),
        ("<body>a < b</body>", "a name is missing in a tag (at byte 9)"),
        ("<body><em", "a tag does not end in \">\" (at byte 9)"),
        ("<body><em/ ></body>", "a tag does not end in \">\" (at byte 9)"),
        ("<body></em x></body>", "a closing tag does not end in \">\" (at byte 11)"),
        ("<body><a href></a></body>", "an attribute has no value (at byte 13)"),
        ("<body><a href=x></a></body>", "an attribute value is not quoted (at byte 14)"),
        ("<body><a href='x<'/></body>", "an attribute value is not closed (at byte 16)"),
        ("<body><a href='x'href='y'/></body>", "a tag does not end in \">\" (at byte 17)"),
        ("<body><a href='x' href='y'/></body>", "an attribute is repeated (at byte 22)"),
    ] {
        assert_eq!(error(input), format!("XML is invalid: {message}"), "{input}");
    }
}

#[test]
fn size_and_depth_are_limited() {
    let nested = |depth: usize| {
        format!("<body>{}{}</body>", "<em>".repeat(depth - 1), "</em>".repeat(depth - 1))
    };
    assert!(parse(&nested(MAX_RICH_TEXT_DEPTH)).is_ok());
    assert_eq!(parse(&nested(MAX_RICH_TEXT_DEPTH + 1)), Err(RichTextError::TooDeep));

    let long = |text: &str, times| format!("<body>{}</body>", text.repeat(times));
    assert!(parse(&long("x", MAX_RICH_TEXT_BYTES - 13)).is_ok());
    assert_eq!(parse(&long("x", MAX_RICH_TEXT_BYTES - 12)), Err(RichTextError::TooLong));
    assert_eq!(parse(&long(">", MAX_RICH_TEXT_BYTES / 2)), Err(RichTextError::TooLong));
}

#[test]
fn plain_text_has_no_markup() {
    for (input, expected) in [
        ("<body></body>", ""),
        (
            "<body>Hi <strong>b</strong> <em>i</em> <u>u</u> &amp; &lt;x&gt;</body>",
            "Hi b i u & <x>",
        ),
        ("<body> a\n\nb \n</body>", " a\n\nb \n"),
        ("<body>x<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>y</body>", "x\na\nb\nc\ny"),
        ("<body>x\n<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>\ny</body>", "x\na\nb\ny"),
        ("<body><h1>T</h1>a<hr/>b<blockquote>q</blockquote><pre>p</pre></body>", "T\na\nb\nq\np"),
        ("<body><h1>T</h1>\nx</body>", "T\nx"),
        (
            "<body>t<table><tr><td>a</td><td>b</td></tr> <tr><td/><td>c</td></tr></table></body>",
            "t\na\tb\n\tc",
        ),
        ("<body><table><tr><td><h1>a</h1></td><td>b</td></tr></table>z</body>", "a\tb\nz"),
        ("<body>Hi <a data-asana-gid='1'/>!</body>", "Hi @Ada!"),
        ("<body>Hi <a data-asana-gid='2'>Bob</a>!</body>", "Hi !"),
        ("<body><ul><li>x</li><li><a data-asana-gid='1'/></li></ul></body>", "x\n@Ada"),
        ("<body><a href='https://x'>here</a> <a href='https://y'/></body>", "here https://y"),
        ("<body>a<img data-asana-gid='1'/>b</body>", "ab"),
    ] {
        assert_eq!(text(input), expected, "{input}");
    }
}

#[test]
fn plain_text_of_other_than_canonical_text_is_what_can_be_had() {
    assert_eq!(plain("<a href=\"https://x\" data-asana-gid=\"2\"/>", &no_names), "https://x");
    assert_eq!(plain("<body>a<em>b</em></body></body>c<", &no_names), "abc");
}

fn links(gid: Gid) -> Option<(String, String)> {
    match gid.get() {
        1 => Some(("https://v/1?a&b".to_owned(), "@Ada <x>".to_owned())),
        _ => None,
    }
}

#[test]
fn a_reader_gets_addresses_and_names_of_what_he_may_see() {
    let stored = html(
        "<body>Ask <a data-asana-gid='1' data-asana-type='user'/> about \
         <a data-asana-gid='2' data-asana-type='task' data-asana-project='3'/>, \
         <a href='https://x'>y</a><img data-asana-gid='1' alt='c'/><img data-asana-gid='2'/></body>",
    );

    let read = render(&stored, &links);

    assert_eq!(
        read,
        "<body>Ask <a href=\"https://v/1?a&amp;b\" data-asana-gid=\"1\" \
         data-asana-accessible=\"true\" data-asana-type=\"user\">@Ada &lt;x&gt;</a> about \
         <a data-asana-gid=\"2\" data-asana-accessible=\"false\">Private Link</a>, \
         <a href=\"https://x\">y</a>\
         <img src=\"https://v/1?a&amp;b\" data-asana-gid=\"1\" alt=\"c\"/>\
         <img data-asana-gid=\"2\"/></body>"
    );
    assert_eq!(render(&read, &links), read);
    assert_eq!(plain(&read, &no_names), "Ask @Ada <x> about Private Link, y");
}

#[test]
fn what_is_read_may_be_written_back() {
    let stored = html(
        "<body><a data-asana-gid='1' data-asana-type='user'/><hr/>&gt;<a data-asana-gid='2'/></body>",
    );
    assert_eq!(html(&render(&stored, &links)), stored);
}

#[test]
fn rendering_never_lets_broken_text_through() {
    assert_eq!(render("<body><em", &links), "<body>&lt;body&gt;&lt;em</body>");
}

#[test]
fn types_are_added_before_storing() {
    let stored = "<body><a data-asana-gid=\"1\"/><a data-asana-gid=\"2\" data-asana-type=\"tag\"/>\
        <a href=\"https://x\">x</a></body>";

    let typed = with_types(stored, &|gid| (gid == Gid::new(1)).then_some("user"));

    let expected = stored.replace("\"1\"", "\"1\" data-asana-type=\"user\"");
    assert_eq!(typed, expected);
    assert_eq!(html(&typed), typed);
}

#[test]
fn plain_text_is_escaped() {
    assert_eq!(from_plain("a < b & c\r\nd\re\0"), "<body>a &lt; b &amp; c\nd\ne</body>");
}

/// Texts that look like rich text, many of them valid.
fn fragments() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z <>&\"'\\n]{0,6}".prop_map(|text| {
            let mut out = String::new();
            push_text(&mut out, &text);
            out
        }),
        Just("<hr/>".to_owned()),
        (1_u8..9).prop_map(|gid| format!("<a data-asana-gid='{gid}' href='x'>name</a>")),
        (1_u8..9).prop_map(|gid| format!("<img height='{gid}' data-asana-gid='{gid}'/>")),
        "[^<']{0,8}".prop_map(|x| format!("<a href='https://{x}'/>")),
        "[<>/&;#a=' ]{0,4}",
    ];
    let inner = leaf.prop_recursive(4, 40, 5, |inner| {
        let tag = prop::sample::select(Tag::ALL);
        (tag, prop::collection::vec(inner, 0..5))
            .prop_map(|(tag, parts)| format!("<{tag}>{}</{tag}>", parts.concat()))
    });
    prop::collection::vec(inner, 0..6).prop_map(|parts| format!("<body>{}</body>", parts.concat()))
}

proptest! {
    #[test]
    fn reading_never_panics(input in any::<String>(), tags in "[<>/&;#xabody='\" \\n]{0,40}") {
        for input in [&input, &tags, &format!("<body>{tags}</body>")] {
            let _ = parse(input);
            let _ = (plain(input, &no_names), render(input, &links));
        }
    }

    #[test]
    fn canonical_text_is_a_fixpoint(input in fragments()) {
        if let Ok(first) = parse(&input) {
            let second = parse(&first.html).unwrap();
            prop_assert_eq!(&first, &second);
            prop_assert!(!first.html.contains("name"));
            prop_assert_eq!(&with_types(&first.html, &|_| None), &first.html);
            let again = parse(&render(&first.html, &links)).unwrap();
            prop_assert_eq!(&again.mentions, &first.mentions);
        }
    }

    #[test]
    fn plain_text_survives_rich_text(text in "(\\PC|\n|\t){0,60}") {
        let rich = from_plain(&text);
        prop_assert_eq!(plain(&rich, &no_names), text);
        prop_assert_eq!(parse(&rich).unwrap().html, rich);
    }
}
