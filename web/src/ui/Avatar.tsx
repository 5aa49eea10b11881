import { User as UserIcon } from 'lucide-react';
import { memo } from 'react';
import { avatarHue, initials } from '~/lib/colors.ts';
import { useEntity } from '~/store/hooks.ts';
import styles from './Avatar.module.css';

interface AvatarProps {
  gid?: string | null | undefined;
  name?: string | null | undefined;
  photo?: string | null | undefined;
  size?: 20 | 24 | 28 | 32 | 40 | 64;
  /** Beside the name: nothing for screen readers to say twice. */
  isDecorative?: boolean;
}

/** A face, or initials on a steady hue. Without a gid it is the empty place of nobody. */
export const Avatar = memo(function Avatar({ gid, name, photo, size = 24, isDecorative }: AvatarProps) {
  const label = isDecorative ? { 'aria-hidden': true as const } : { role: 'img', 'aria-label': name ?? '' };
  if (!gid) {
    return (
      <span className={`${styles['avatar']} ${styles['none']}`} data-size={size} aria-hidden="true">
        <UserIcon />
      </span>
    );
  }
  if (photo)
    return (
      <img
        className={styles['avatar']}
        data-size={size}
        src={photo}
        alt={isDecorative ? '' : (name ?? '')}
        loading="lazy"
      />
    );
  return (
    <span
      className={`${styles['avatar']} hue-${avatarHue(gid)}`}
      data-size={size}
      title={isDecorative ? undefined : (name ?? undefined)}
      {...label}
    >
      {initials(name ?? '?')}
    </span>
  );
});

interface PersonProps {
  gid: string | null | undefined;
  size?: AvatarProps['size'];
  /** With the name beside it. */
  hasName?: boolean;
}

/** The face of a user of the store, with the name when there is room. */
export function Person({ gid, size = 24, hasName }: PersonProps) {
  const user = useEntity('user', gid);
  const photo = (user?.photo as { image_60x60?: string } | null | undefined)?.image_60x60;
  if (!hasName) return <Avatar gid={gid} name={user?.name} photo={photo} size={size} />;
  return (
    <span className={styles['person']}>
      <Avatar gid={gid} name={user?.name} photo={photo} size={size} isDecorative />
      <span className="truncate">{user?.name}</span>
    </span>
  );
}

/** Faces that overlap; the rest is a number. */
export function AvatarStack({
  people,
  most = 4,
  size = 24,
}: {
  people: readonly { gid?: string; name?: string }[];
  most?: number;
  size?: AvatarProps['size'];
}) {
  const rest = people.length - most;
  return (
    <span className={styles['stack']}>
      {people.slice(0, most).map((person) => (
        <Avatar key={person.gid} gid={person.gid} name={person.name} size={size} />
      ))}
      {rest > 0 && (
        <span className={`${styles['avatar']} ${styles['more']}`} data-size={size}>
          +{rest}
        </span>
      )}
    </span>
  );
}
