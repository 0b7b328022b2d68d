namespace TrustChain.Core.Identifiers;

/// <summary>Finds the path of a web URI and takes it apart from its end, without allocating.</summary>
internal static class LinkPath
{
    /// <summary>
    /// Finds the path, without its leading slash, of an http or https URI; query and fragment are cut. The scheme is read in all lower or all upper case.
    /// </summary>
    /// <returns>False where there is no such scheme, no host, no path, or a control character or space before the query.</returns>
    public static bool TryFind(ReadOnlySpan<char> uri, out ReadOnlySpan<char> path)
    {
        path = default;
        var rest = SkipScheme(uri);
        var end = rest.IndexOfAny('?', '#');
        if (end >= 0)
        {
            rest = rest[..end];
        }
        var slash = rest.IndexOf('/');
        if (slash <= 0 || rest.ContainsAnyInRange('\0', ' '))
        {
            return false;
        }
        path = rest[(slash + 1)..];
        return true;
    }

    /// <summary>What follows <c>http://</c> or <c>https://</c>; empty where neither is there.</summary>
    public static ReadOnlySpan<char> SkipScheme(ReadOnlySpan<char> uri)
    {
        var mark = uri.IndexOf("://");
        return mark is 4 or 5 && uri[..mark] is ("https" or "http" or "HTTPS" or "HTTP") ? uri[(mark + 3)..] : default;
    }

    /// <summary>Removes the last two segments from <paramref name="path"/>; false where there are not two or the last is empty.</summary>
    public static bool TryTakeLastPair(scoped ref ReadOnlySpan<char> path, out ReadOnlySpan<char> name, out ReadOnlySpan<char> value)
    {
        name = default;
        value = default;
        var beforeValue = path.LastIndexOf('/');
        if (beforeValue <= 0 || beforeValue == path.Length - 1)
        {
            return false;
        }
        value = path[(beforeValue + 1)..];
        var beforeName = path[..beforeValue].LastIndexOf('/');
        name = path[(beforeName + 1)..beforeValue];
        path = beforeName < 0 ? default : path[..beforeName];
        return true;
    }

    /// <summary>Whether a segment stands for 1 to <paramref name="max"/> characters of set 82, those raw that the canonical form has raw.</summary>
    public static bool IsText(ReadOnlySpan<char> segment, int max)
    {
        var count = Gs1Characters.CountEscaped(segment, Gs1Characters.RawInCanonicalPath, Gs1Characters.Set82);
        return count >= 1 && count <= max;
    }
}
